"""The life of a filing (hồ sơ): permitted commands, their events, the running clocks."""
