"""The commands of an operator, by what they are about."""
