"""Calendars: what may be wrong with one, and what another one changes."""
