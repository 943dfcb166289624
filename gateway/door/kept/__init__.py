"""Messages that the door keeps while Temporal is away, and their delivery."""
