"""A person's own data: who has looked at it, its export, its erasure."""
