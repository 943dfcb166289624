"""Benchmarks of filings and payments that wait for days."""
