"""The file in which a stack says where it is."""

from __future__ import annotations

import shlex


def settings_in(text: str) -> dict[str, str]:
    """What is set in a file that a shell reads too, `NAME=value` by line, quoted where need be. Raises `ValueError`."""
    found: dict[str, str] = {}
    for word in shlex.split(text):
        name, equals, value = word.partition("=")
        if not equals:
            raise ValueError(name)
        found[name] = value
    return found
