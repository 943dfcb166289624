"""The mistakes in a validity."""

from collections.abc import Iterator
from datetime import date

from publishing.checks.readable_parts import ValiditySketch
from rules.source import Mistake, mistake


def validity_mistakes(validity: ValiditySketch) -> Iterator[Mistake]:
    """The mistakes in the validity of a version, which names at least one day."""
    if validity.valid_from is None and validity.valid_until is None:
        yield mistake("validity_without_day", "validity")
    yield from reversed_validity(validity, "validity")


def reversed_validity(part: ValiditySketch, path: str) -> Iterator[Mistake]:
    """The mistake of a validity that ends before it begins."""
    since, until = part.valid_from, part.valid_until
    if isinstance(since, date) and isinstance(until, date) and since > until:
        yield mistake("validity_reversed", f"{path}.valid_until")
