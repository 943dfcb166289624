"""Checkpoints of the whole record, stored at a second place that the owner of the database can't change."""
