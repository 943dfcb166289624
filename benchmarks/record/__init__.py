"""Benchmarks of the ledger alone, without complete filings."""
