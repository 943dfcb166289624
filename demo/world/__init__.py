"""Plays script lines about things beside the filing: payments at the bank, tills, absences, money in suspense."""
