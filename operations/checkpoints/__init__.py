"""Checkpoints for a command: their settings, and the proofs of a bundle."""
