"""Common parts of activities: heartbeats, refusals, pauses, failpoints, the storing of files."""
