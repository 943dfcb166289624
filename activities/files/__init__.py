"""Uploaded files: their type, virus scans, and pictures of them. They are parsed only in restricted child processes."""
