"""Benchmarks of the door: the cost of a call over HTTP, and the information that its duration reveals."""
