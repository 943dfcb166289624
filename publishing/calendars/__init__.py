"""Calendars: the mistakes in one, and the effects of its replacement."""
