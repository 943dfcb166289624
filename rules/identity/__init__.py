"""Who is speaking: the principals, their keys, and what a statement of theirs proves."""
