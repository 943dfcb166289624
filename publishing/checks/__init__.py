"""The possible mistakes in a procedure, or in a province's rules for it."""
