"""Publications: procedures and calendars."""
