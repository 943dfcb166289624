"""Refunds: the sums that go back, the two officers behind each, and the limit of the captured amount."""
