"""Receipts for money (biên lai): what of a payment is phí and what lệ phí, their numbers, void ones."""
