"""Measures the product's speed, always against its skeleton in the same run: `python -m benchmarks --help`."""
