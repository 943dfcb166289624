"""Refunds: the sums to return, the two officers who agree on each, and the captured amount as the limit."""
