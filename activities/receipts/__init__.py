"""Receipts for money: their issuers, which assign numbers, and the issue of one for a payment."""
