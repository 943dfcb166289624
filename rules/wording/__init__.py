"""A procedure in words: rules, places, fees, prose."""
