"""What activities share: heartbeats, refusals, pauses, failpoints."""
