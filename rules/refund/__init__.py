"""Refunds: the sums to return, at most the captured amount; two officers must agree on each sum."""
