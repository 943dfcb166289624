"""The event log: the append, what it bears out, and the rows it writes."""
