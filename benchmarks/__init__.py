"""Measures the product's speed, mostly by a comparison in the same run: `python -m benchmarks --help`."""
