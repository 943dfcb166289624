"""Principals, their statements, and the signature under each."""
