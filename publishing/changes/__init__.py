"""The differences between two versions of a procedure, and for a filing under them."""
