"""A fee collected online, as a workflow of its own that outlives its filing, so that no money is forgotten."""
