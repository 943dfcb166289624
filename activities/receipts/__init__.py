"""Receipts for money: who gives their numbers, and how one is issued for what was paid."""
