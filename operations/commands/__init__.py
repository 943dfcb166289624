"""The commands of an operator, by subject."""
