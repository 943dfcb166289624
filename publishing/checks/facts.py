"""The facts of a procedure file: their sources, their last checks, and the doubtful ones."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from rules.filing.conditions import written_date
from rules.source import Mistake, child, mistake, parts_of
from schemas.publishing.time_limits import Limits

FRESH: Final = timedelta(days=365)
"""The time for which a check counts; after it, the source may have changed."""

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


def doubts(value: object, today: date) -> Iterator[tuple[str, Doubt]]:
    """Yields the path of each fact in `value` that is stale or unconfirmed as of `today`, with the reason."""
    for path, source, checked in sourced(value, "", None):
        if checked is not None and is_stale(checked, today):
            yield path, Doubt.STALE
        if is_unconfirmed(source):
            yield path, Doubt.UNCONFIRMED


def fact_mistakes(value: dict[str, Any], today: date | None) -> Iterator[Mistake]:
    """Yields the mistakes of facts: checks dated after `today`, limits without a source, sources for unknown limits."""
    if today is not None:
        yield from _future(value, today)
    limits, sources = value.get("limits"), value.get("limits_source")
    if not isinstance(limits, dict) or not isinstance(sources, dict):
        return
    stated = {name for name in Limits.model_fields if limits.get(name) is not None}
    yield from (mistake("limit_without_source", f"limits.{name}") for name in sorted(stated - sources.keys()))
    yield from (mistake("unknown_key", f"limits_source.{name}") for name in sources.keys() - Limits.model_fields.keys())


def _future(value: Any, today: date) -> Iterator[Mistake]:
    for path, part in parts_of(value):
        checked = written_date(part.get("checked")) if isinstance(part, dict) else None
        if checked is not None and checked > today:
            yield mistake("checked_in_future", child(path, "checked"))


def sourced(value: Any, path: str, checked: date | None) -> Iterator[tuple[str, str, date | None]]:
    """Yields the path, source and last check of each part with a source, each legal basis, each source of a limit.

    `path`: the path of `value` in its file. `checked`: the last check, for parts that state none of their own.
    """
    match value:
        case dict():
            checked = written_date(value.get("checked")) or checked
            if isinstance(source := value.get("source"), str):
                yield path, source, checked
            for key, entry in value.items():
                yield from sourced(entry, child(path, key), checked)
        case list():
            for n, entry in enumerate(value):
                yield from sourced(entry, child(path, n), checked)
        case str() if path.startswith(("legal_basis[", "limits_source.")):
            yield path, value, checked
