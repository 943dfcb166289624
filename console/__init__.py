"""Access of the platform's commands to the record: addresses, keys, database, messages."""
