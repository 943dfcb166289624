"""The law as pure functions. Time is an argument."""
