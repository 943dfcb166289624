"""The commands that set a stack up."""
