"""Verification of issued results from outside, by their signatures and by the register."""
