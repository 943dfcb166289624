"""The statement that a principal signs beside each message."""
