"""Workflows: each runs the steps of one long process in order, perhaps for months."""
