"""Measured at the ledger alone."""
