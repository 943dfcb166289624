"""Rebuilds read models from the log: first beside the tables in use, which are then replaced."""
