"""The commands that check, publish and show procedures, calendars and the directory."""
