"""The event log: the append, its checks against the record, and the rows that it writes."""
