"""Activities: every contact with the outside world, one module a step."""
