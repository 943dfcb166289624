"""What happens around a story: the bank, tills, absences, suspense."""
