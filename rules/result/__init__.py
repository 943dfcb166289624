"""A result once it is made: signatures, register entry, revocation, correction, validity."""
