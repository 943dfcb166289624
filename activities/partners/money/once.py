"""JSON without duplicate names, since readers differ in which of the duplicates they keep."""

import json
from typing import Any


def object_once(content: bytes) -> dict[str, Any]:
    """Returns the JSON object.

    Raises `ValueError` for any other content, a duplicate name, or text that is not UTF-8.
    """
    try:
        found = json.loads(content.decode("utf-8"), object_pairs_hook=_once)
    except RecursionError:
        found = None
    if not isinstance(found, dict):
        msg = "not an object"
        raise ValueError(msg)  # noqa: TRY004 -- callers catch one error
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name comes twice")
    return found
