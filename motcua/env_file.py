"""Reads the file with the addresses of a stack's servers."""

import shlex


def settings_in(text: str) -> dict[str, str]:
    """Returns a file's settings: `NAME=value` lines that a shell can read, quoted as needed. Raises `ValueError`."""
    found: dict[str, str] = {}
    for word in shlex.split(text):
        name, equals, value = word.partition("=")
        if not equals:
            raise ValueError(name)
        found[name] = value
    return found
