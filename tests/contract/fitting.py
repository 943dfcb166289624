"""Checks JSON against the published schemas, like a foreign reader that has only the schemas."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from jsonschema import Draft202012Validator, FormatChecker

FORMATS: Final = FormatChecker(())


@FORMATS.checks("date-time", ValueError)
def _moment(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@FORMATS.checks("uuid", ValueError)
def _uuid(value: object) -> bool:
    return not isinstance(value, str) or str(UUID(value)) == value


def validator(document: Mapping[str, Any]) -> Draft202012Validator:
    return Draft202012Validator(document, format_checker=FORMATS)


NONSENSE: Final[list[list[object]]] = [[]]
"""A value that fits no field of ours, since no field is a list of lists."""


def broken(value: Any) -> Iterator[Any]:
    """Yields copies of `value` with one error each: nonsense in place of one field, or of the whole."""
    yield NONSENSE
    if isinstance(value, dict):
        for name, part in value.items():
            for wrong in broken(part):
                yield value | {name: wrong}
    elif isinstance(value, list):
        for index, part in enumerate(value):
            for wrong in broken(part):
                yield [*value[:index], wrong, *value[index + 1 :]]


def lacking(value: Any) -> Iterator[Any]:
    """Yields copies of `value`, each without one of its fields, at any depth."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield {other: kept for other, kept in value.items() if other != name}
            for less in lacking(part):
                yield value | {name: less}
    elif isinstance(value, list):
        for index, part in enumerate(value):
            for less in lacking(part):
                yield [*value[:index], less, *value[index + 1 :]]
