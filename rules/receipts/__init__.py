"""Receipts for money (biên lai): the split of a payment into phí and lệ phí, numbers of receipts, and void receipts."""
