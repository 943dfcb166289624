"""The note beside a field's label, in words."""

from collections.abc import Iterator

from rules.wording.rule_words import Labels, between, holds
from schemas.base import Text
from schemas.publishing.procedure import FieldKind, FieldRule
from schemas.translate import joined, said


def note_of(field: FieldRule, labels: Labels) -> Text | None:
    """The note of a form field: its bounds, its conditions, and whether it is optional; None if none of these apply."""
    found = list(_notes(field, labels))
    return joined(found, "; ") if found else None


def _notes(field: FieldRule, labels: Labels) -> Iterator[Text]:
    if field.kind is FieldKind.DATE:
        yield said("sheet.date")
    bounds = between(field.minimum, field.maximum)
    if bounds is not None:
        yield said("sheet.characters", number=bounds) if field.kind is FieldKind.TEXT else bounds
    if field.when:
        yield holds(field.when, labels)
    if not field.required:
        yield said("sheet.optional")
