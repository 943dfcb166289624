"""Official papers: what causes them, what stands on them, and the stream that says which were made."""
