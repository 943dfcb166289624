"""The reconciliation of running workflows with the log: stalled runs, runs behind their log, and restarts."""
