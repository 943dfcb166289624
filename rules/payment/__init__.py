"""Payments: one for each request for money. Late, double or unasked money is always recorded."""
