"""Rebuilds read models from the log, beside the tables in use, then in their place."""
