"""JSON that says each thing once: of a name that comes twice, readers keep different ones."""

from __future__ import annotations

import json
from typing import Any


def object_once(content: bytes) -> dict[str, Any]:
    """The object. Raises `ValueError` for anything else, for a name that comes twice, and for what is not UTF-8."""
    try:
        found = json.loads(content.decode("utf-8"), object_pairs_hook=_once)
    except RecursionError:
        found = None
    if not isinstance(found, dict):
        msg = "not an object"
        raise ValueError(msg)  # noqa: TRY004 -- whoever reads catches one error
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        msg = "a name comes twice"
        raise ValueError(msg)
    return found
