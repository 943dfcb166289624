"""Read models from the log, beside what is in use, then in its place."""
