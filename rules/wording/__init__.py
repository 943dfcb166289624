"""A procedure in words: its rules and its fee, and the names of the parts of its file."""
