"""`motcua papers`: official papers, and their data, read from the record."""
