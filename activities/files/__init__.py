"""Uploaded files: what they are, whether they carry a virus, and pictures of them. Parsed only in limited children."""
