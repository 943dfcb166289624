"""Operators' work on a running system."""
