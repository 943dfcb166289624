"""From when to when something is in force: what is wrong with what was written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from rules.publishing.mistakes import Mistake, mistake
from rules.publishing.readable_parts import ValiditySketch


def validity_mistakes(validity: ValiditySketch) -> Iterator[Mistake]:
    """What is wrong with the validity of a version, which names a day at least."""
    if validity.valid_from is None and validity.valid_until is None:
        yield mistake("validity_without_day", "validity")
    yield from reversed_validity(validity, "validity")


def reversed_validity(part: ValiditySketch, path: str) -> Iterator[Mistake]:
    """That it ends before it begins."""
    since, until = part.valid_from, part.valid_until
    if isinstance(since, date) and isinstance(until, date) and since > until:
        yield mistake("validity_reversed", f"{path}.valid_until")
