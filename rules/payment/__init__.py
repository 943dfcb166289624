"""Payments: one for each request for money. Late, double and unexpected money is always recorded."""
