"""The commands of the platform half of `motcua`, one module each."""
