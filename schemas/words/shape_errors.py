"""The errors of input that does not fit its model, in Vietnamese and English, without values of the input."""

import re
from collections import defaultdict
from typing import Any, Final, NamedTuple, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_core.core_schema import ErrorType

from .catalogue import SENTENCES


class Misfit(NamedTuple):
    """One wrong part of the input: its path, the stable name of the broken rule, and the remedy."""

    field: str
    rule: str
    vi: str
    en: str


def shape_errors(error: ValidationError) -> tuple[Misfit, ...]:
    """Returns every wrong part of the input."""
    details = error.errors(include_input=False, include_url=False)[:_MOST]
    return tuple(Misfit(path(tuple(each["loc"])), each["type"], *_worded(each)) for each in details)


_NAME: Final = re.compile(r"^([A-Za-z_][A-Za-z0-9_-]{0,63}|[0-9]{4}-[0-9]{2}-[0-9]{2}|\[key\])\Z")
"""A name that may be shown: a field, or a day of a calendar. The sender may have made up any other key."""

_MOST: Final = 100
"""The maximum number of wrong parts in one report."""


def path(loc: tuple[Any, ...]) -> str:
    """A pydantic location as a path: `("papers", 0, "file")` → `papers[0].file`. An unsafe name is shown as `?`."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part if _NAME.match(part) else '?'}" for part in loc]
    return "".join(parts).removeprefix(".")


def _worded(detail: ErrorDetails) -> tuple[str, str]:
    """Returns an error in Vietnamese and English. An error without a sentence of ours keeps its English text."""
    ours = SENTENCES.get(f"misfit.{detail['type']}")
    vi, en = (each.format_map(defaultdict(str, detail.get("ctx", {}))) for each in ours or SENTENCES["misfit.other"])
    return vi, en if ours or detail["type"] in _PYDANTICS else detail["msg"]


_PYDANTICS: Final = frozenset(get_args(ErrorType)) - {"value_error", "assertion_error"}
