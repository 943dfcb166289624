"""Checks and publishes procedures, calendars and the directory; every mistake is reported in words."""
