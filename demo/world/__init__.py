"""Plays the lines of scripts outside the filing: at the bank, at tills, absences, money in suspense."""
