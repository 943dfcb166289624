"""Gives the platform's commands access to the record: addresses, keys, connections, error messages."""
