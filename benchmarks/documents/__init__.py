"""Benchmarks of papers and files."""
