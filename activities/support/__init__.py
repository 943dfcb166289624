"""Common parts of activities: heartbeats, refusals, pauses, failpoints."""
