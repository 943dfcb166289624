"""Every touch of the outside world, one module for each step."""
