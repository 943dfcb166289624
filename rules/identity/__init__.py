"""Identity: the principals, their keys, and the proof in their signed statements."""
