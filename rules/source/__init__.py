"""Files of the catalogue: read as plain data with their mistakes, and read as they were published."""
