"""The kit's own commands of `motcua`. They need the extra `cli`."""
