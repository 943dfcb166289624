"""How fast the product is, always beside its skeleton and in one run: `python -m benchmarks --help`."""
