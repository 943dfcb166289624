"""The mistakes in the fields of a form, and in the names of its blanks."""

from collections.abc import Iterator, Mapping
from typing import Final

from publishing.checks.list_mistakes import repeated
from publishing.checks.readable_parts import UNREAD, FieldSketch, ProcedureSketch, Unread, read, whole
from rules.forms.sheet import is_form_of
from rules.source import Mistake, mistake
from schemas.form import MAX_TEXT
from schemas.publishing.procedure import FieldKind

_BOUNDED: Final = frozenset({FieldKind.INTEGER, FieldKind.TEXT})


def form_mistakes(parts: ProcedureSketch) -> Iterator[Mistake]:
    """The mistakes of form fields, by their kind, and of the names of blanks."""
    for n, field in read(parts.form).items():
        yield from _field(field, f"form[{n}]")
    keys = {n: paper.form for n, paper in read(parts.papers).items() if isinstance(paper.form, str)}
    yield from (mistake("duplicate_value", f"papers[{n}].form") for n in repeated(keys))
    for n, key in keys.items():
        if isinstance(parts.code, str) and not is_form_of(parts.code, key):
            yield mistake("unknown_form", f"papers[{n}].form")


def _field(field: FieldSketch, path: str) -> Iterator[Mistake]:
    yield from _choice_names(field, path)
    if isinstance(field.kind, Unread):
        return
    if field.kind is FieldKind.CHOICE and not field.choices:
        yield mistake("choices_required", f"{path}.choices")
    if field.kind is not FieldKind.CHOICE and field.choices:
        yield mistake("choices_only_for_choice", f"{path}.choices")
    yield from _bounds(field, field.kind, path)


def _choice_names(field: FieldSketch, path: str) -> Iterator[Mistake]:
    choices = set(read(field.choices).values())
    for n, named in read(field.choice_names).items():
        if named.code is not UNREAD and choices and whole(field.choices) and named.code not in choices:
            yield mistake("name_of_no_choice", f"{path}.choice_names[{n}].code")


def _bounds(field: FieldSketch, kind: FieldKind, path: str) -> Iterator[Mistake]:
    bounds = {"minimum": field.minimum, "maximum": field.maximum}
    written = {name: bound for name, bound in bounds.items() if isinstance(bound, int)}
    if kind not in _BOUNDED:
        yield from (mistake("bounds_not_for_kind", f"{path}.{name}") for name in written)
        return
    if kind is FieldKind.TEXT:
        yield from _lengths(written, path)
    if len(written) == len(bounds) and written["minimum"] > written["maximum"]:
        yield mistake("minimum_above_maximum", f"{path}.minimum")


def _lengths(written: Mapping[str, int], path: str) -> Iterator[Mistake]:
    yield from (mistake("negative_length", f"{path}.{name}") for name, bound in written.items() if bound < 0)
    too_long = (name for name, bound in written.items() if bound > MAX_TEXT)
    yield from (mistake("length_above_form", f"{path}.{name}", limit=MAX_TEXT) for name in too_long)
