"""Payments: one for each request for money. Late, double or unrequested money is always recorded."""
