"""The reconciliation of running workflows with the log: stalled runs, runs that know too little, and restarts."""
