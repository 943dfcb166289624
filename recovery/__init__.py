"""Compares running workflows with the log: finds runs that are stalled or lack events of the log, and restarts them."""
