"""Reconciliation of running workflows with the log: stalled runs, runs that lack events of the log, and restarts."""
