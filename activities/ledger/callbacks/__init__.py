"""Callbacks as rows: written before they are answered, bound to events."""
