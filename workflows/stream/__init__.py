"""The durable shell of all kinds of streams: it records, waits, hands over, takes over."""
