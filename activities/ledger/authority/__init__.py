"""Who may append: officers of the directory, registered principals, their statements."""
