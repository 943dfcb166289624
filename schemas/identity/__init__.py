"""Principals, their statements, and the signature of each statement."""
