"""A person's own data: looks at it, exports of it, its erasure."""
