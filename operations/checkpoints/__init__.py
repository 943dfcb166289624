"""Checkpoints as operators' commands use them: their settings, and the proofs of a bundle."""
