"""Publishing procedures, calendars and the directory, and bringing a calendar to what runs."""
