"""A file of the catalogue as plain data, with the mistakes in it, and as it was published."""
