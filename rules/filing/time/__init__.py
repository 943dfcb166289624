"""The clocks of a filing, and what sets them going again."""
