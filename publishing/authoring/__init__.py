"""Publishing of procedures, calendars, templates, the directory and absences."""
