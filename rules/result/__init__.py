"""Results after they are made: signatures, register entry, revocation, correction, validity."""
