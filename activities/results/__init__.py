"""Results after the decision: their signers, the file to sign, and each signature."""
