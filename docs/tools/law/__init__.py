"""Who may do what in which status, worked out by the rules themselves, beside what the law says of it."""
