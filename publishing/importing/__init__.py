"""Drafts of procedures from the rows of a table."""
