"""Calendars: the mistakes in a calendar, and the changes in another version."""
