"""Drafts of procedure files, made from the tables in which provinces publish their procedures."""
