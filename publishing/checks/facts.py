"""The facts of a procedure file: their sources, their last checks, and the doubtful ones."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple

from rules.filing.conditions import written_date
from rules.source import Mistake, child, mistake
from schemas.publishing.time_limits import Limits

FRESH: Final = timedelta(days=365)
"""The time for which a check counts, since the source may change later."""

_UNCONFIRMED: Final = re.compile(r"\bunconfirmed\b", re.IGNORECASE)


class Doubt(StrEnum):
    """The reason to check a fact again."""

    STALE = "stale"
    UNCONFIRMED = "unconfirmed"


def is_stale(checked: date, today: date) -> bool:
    """Whether a fact that was last checked on day `checked` must be checked again, as of `today`."""
    return today - checked > FRESH


def is_unconfirmed(source: str) -> bool:
    """Whether a source is marked as unconfirmed."""
    return _UNCONFIRMED.search(source) is not None


class _Fact(NamedTuple):
    path: str
    source: str
    checked: date | None


def doubts(value: object, today: date) -> Iterator[tuple[str, Doubt]]:
    """The path of each fact in `value` that is stale or unconfirmed as of `today`, with the reason."""
    for fact in _facts(value, "", None):
        if fact.checked is not None and is_stale(fact.checked, today):
            yield fact.path, Doubt.STALE
        if is_unconfirmed(fact.source):
            yield fact.path, Doubt.UNCONFIRMED


def fact_mistakes(value: dict[str, Any], today: date | None) -> Iterator[Mistake]:
    """The mistakes of facts: checks dated in the future, limits without a source, and sources for unknown limits."""
    yield from _future(value, "", today)
    limits, sources = value.get("limits"), value.get("limits_source")
    if not isinstance(limits, dict) or not isinstance(sources, dict):
        return
    stated = {name for name in Limits.model_fields if limits.get(name) is not None}
    yield from (mistake("limit_without_source", f"limits.{name}") for name in sorted(stated - sources.keys()))
    yield from (mistake("unknown_key", f"limits_source.{name}") for name in sources.keys() - Limits.model_fields.keys())


def _future(value: Any, path: str, today: date | None) -> Iterator[Mistake]:
    match value:
        case dict():
            checked = written_date(value.get("checked"))
            if checked is not None and today is not None and checked > today:
                yield mistake("checked_in_future", child(path, "checked"))
            for key, entry in value.items():
                yield from _future(entry, child(path, key), today)
        case list():
            for n, entry in enumerate(value):
                yield from _future(entry, child(path, n), today)


def _facts(value: Any, path: str, checked: date | None) -> Iterator[_Fact]:
    """The facts: the parts with a source, the laws in the list, and the sources of the limits."""
    match value:
        case dict():
            checked = written_date(value.get("checked")) or checked
            if isinstance(source := value.get("source"), str):
                yield _Fact(path, source, checked)
            for key, entry in value.items():
                yield from _facts(entry, child(path, key), checked)
        case list():
            for n, entry in enumerate(value):
                yield from _facts(entry, child(path, n), checked)
        case str() if path.startswith(("legal_basis[", "limits_source.")):
            yield _Fact(path, value, checked)
