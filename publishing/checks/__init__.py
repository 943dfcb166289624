"""What may be wrong with a procedure, or with a province's decision on it."""
