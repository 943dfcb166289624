"""Messages between a workflow, the log and the next run of the workflow."""
