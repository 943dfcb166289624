"""Benchmarks of the door: what a call over HTTP costs, and what its duration reveals."""
