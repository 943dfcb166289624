"""Refunds: the sums to return, together at most the captured amount; two officers must agree on each sum."""
