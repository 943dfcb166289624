"""Payments: one for each online fee or demand. Late, double and unexpected money is always recorded."""
