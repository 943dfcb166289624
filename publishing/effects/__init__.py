"""The effect of a new version or calendar on running filings."""
