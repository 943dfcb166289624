"""Drafts of procedure files, from the rows of the tables in which provinces publish their procedures."""
