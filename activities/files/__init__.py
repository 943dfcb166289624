"""Uploaded files: their type, virus scans, and pictures of them. Only restricted child processes parse the files."""
