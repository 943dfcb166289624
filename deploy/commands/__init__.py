"""The commands that set up a stack."""
