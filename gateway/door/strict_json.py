"""JSON objects from outside that can be read in one way only."""

import json
from typing import Any


def object_in(data: bytes) -> dict[str, Any]:
    """Returns the JSON object in these bytes.

    Raises `ValueError` for anything else: no object, a name twice in an object at any depth, NaN, or too many levels.
    """
    try:
        value = json.loads(data.decode(), object_pairs_hook=_unique, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("too many levels") from None
    if not isinstance(value, dict):
        raise ValueError("no object")  # noqa: TRY004 -- what is wrong is the text
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a name stands twice in an object")
    return members


def _no_number(_name: str) -> None:
    raise ValueError("no number")
