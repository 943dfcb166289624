"""How a command of the platform reaches the record: addresses, keys, the database, its words."""
