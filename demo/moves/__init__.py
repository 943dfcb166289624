"""Moves of a story: orders, complaints, refunds, results."""
