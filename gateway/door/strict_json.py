"""JSON from outside that can be read in one way only."""

import json
from typing import Any


class StrictJsonError(ValueError):
    """The text is no JSON object that can be read in one way. `rule`: `unreadable`, `duplicate_key` or `too_deep`."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


def object_in(data: bytes) -> dict[str, Any]:
    """Returns the JSON object in these bytes.

    Raises `StrictJsonError` for anything else: no object, a name twice in an object at any depth, NaN, many levels.
    """
    try:
        value = json.loads(data.decode(), object_pairs_hook=unique, parse_constant=_no_number)
    except RecursionError:
        raise StrictJsonError("too_deep") from None
    except StrictJsonError:
        raise
    except ValueError:
        raise StrictJsonError("unreadable") from None
    if not isinstance(value, dict):
        raise StrictJsonError("unreadable")
    return value


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Returns the pairs as a dict. Raises `StrictJsonError` if a name occurs twice."""
    members = dict(pairs)
    if len(members) < len(pairs):
        raise StrictJsonError("duplicate_key")
    return members


def _no_number(_name: str) -> None:
    raise StrictJsonError("unreadable")
