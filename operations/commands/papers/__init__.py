"""`motcua papers`: official papers, and what is read for them out of the record."""
