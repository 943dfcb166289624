"""Maintenance of the object store: finds missing or damaged files, and files that no event names."""
