"""Finds the mistakes in a calendar, and the days that change in another version of a calendar."""
