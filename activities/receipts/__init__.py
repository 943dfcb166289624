"""Receipts for money: the issuers that assign their numbers, and the issue of a receipt for a payment."""
