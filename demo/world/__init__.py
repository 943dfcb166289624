"""The events around a story: at the bank, tills, absences, suspense."""
