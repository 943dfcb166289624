"""What of some input does not fit its model, in Vietnamese and English. Never a value of it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_core.core_schema import ErrorType

from .words.en import ENGLISH
from .words.vi import VIETNAMESE


class Misfit(NamedTuple):
    """One place that does not fit: its path, the rule by its stable word, and what to do."""

    field: str
    rule: str
    vi: str
    en: str


def misfits(error: ValidationError) -> tuple[Misfit, ...]:
    """Each place that does not fit."""
    details = error.errors(include_input=False, include_url=False)[:_MOST]
    return tuple(
        Misfit(path(tuple(each["loc"])), each["type"], _in_vietnamese(each), _in_english(each)) for each in details
    )


_NAME: Final = re.compile(r"^([A-Za-z_][A-Za-z0-9_-]{0,63}|[0-9]{4}-[0-9]{2}-[0-9]{2}|\[key\])\Z")
"""A field, or a day of a calendar. Other keys may be whatever somebody made up."""

_MOST: Final = 100
"""So many places are told at once."""


def path(loc: tuple[Any, ...]) -> str:
    """A pydantic location as a path: `("papers", 0, "file")` → `papers[0].file`. What is no name shows as `?`."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part if _NAME.match(part) else '?'}" for part in loc]
    return "".join(parts).removeprefix(".")


def _in_vietnamese(detail: ErrorDetails) -> str:
    return _worded(VIETNAMESE, detail)


def _in_english(detail: ErrorDetails) -> str:
    """Our own words. What has none, and is no rule of pydantic's, is told by its message."""
    unknown = f"misfit.{detail['type']}" not in ENGLISH and detail["type"] not in _PYDANTICS
    return detail["msg"] if unknown else _worded(ENGLISH, detail)


def _worded(words: Mapping[str, str], detail: ErrorDetails) -> str:
    sentence = words.get(f"misfit.{detail['type']}", words["misfit.other"])
    return sentence.format_map(defaultdict(str, detail.get("ctx", {})))


_PYDANTICS: Final = frozenset(get_args(ErrorType)) - {"value_error", "assertion_error"}
