"""The durable shell that every kind of stream shares: it records, waits, hands on, takes over."""
