"""Issued results, looked at from outside: what a file says, and what the register says of it."""
