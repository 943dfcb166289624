"""What is published: procedures and calendars."""
