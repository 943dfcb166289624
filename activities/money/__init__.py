"""Payments and refunds, at the provider that takes the money."""
