"""The effect of a procedure's new version, or of a new calendar, on running filings."""
