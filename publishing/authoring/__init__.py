"""Reads, checks and publishes procedures, calendars, templates, the directory and provinces' differences."""
