"""Callbacks as rows: each is stored before it is answered, and bound to the event that it causes."""
