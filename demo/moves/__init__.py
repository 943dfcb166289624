"""Plays the lines of a scenario's script: commands on filings, complaints, refunds, results."""
