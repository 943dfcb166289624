"""Measured over days of waiting."""
