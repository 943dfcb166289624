"""Publishing of procedures, calendars and the directory, and the change of running streams to a new calendar."""
