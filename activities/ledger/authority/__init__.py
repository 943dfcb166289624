"""The right to append: officers of the directory, registered principals, their statements."""
