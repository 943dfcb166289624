"""Measured on papers and files."""
