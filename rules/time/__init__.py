"""Working time: calendars, office hours, and the instants at which limits end."""
