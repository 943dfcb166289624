"""The durable shell of all kinds of streams, which records, waits, hands over and takes over."""
