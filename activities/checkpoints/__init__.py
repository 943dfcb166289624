"""Checkpoints of the whole record, kept at a second place that the database's owner can't change."""
