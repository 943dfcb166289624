"""The agency's hooks: their threads, and the checks of their answers."""
