"""Payments and refunds, at the provider that collects the money."""
