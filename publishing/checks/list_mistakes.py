"""The mistakes in the lists and form fields of a procedure."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeVar

from publishing.checks import readable_parts as rp
from publishing.checks.readable_parts import UNREAD, Listed, read, referred, whole
from rules.forms.sheet import is_form_of
from rules.source import Mistake, mistake
from schemas.publishing.procedure import FieldKind
from schemas.text import MAX_TEXT

K = TypeVar("K")

_MOST: Final = {"papers": 100, "form": 200, "fee.items": 50}
"""The maximum number of entries in a list. A submission can have no more fields than `form`."""
_MOST_OTHERS: Final = 100


def list_mistakes(parts: rp.ProcedureSketch) -> Iterator[Mistake]:
    """Yields the mistakes of lists: repeated entries, and too many entries."""
    for path, entries in _coded_lists(parts):
        yield from _twice("duplicate_code", {f"{path}[{n}].code": entry.code for n, entry in read(entries).items()})
    for path, values in _value_lists(parts):
        yield from _twice("duplicate_value", {f"{path}[{n}]": value for n, value in read(values).items()})
    if isinstance(parts.fee, rp.FeeSketch):
        refunds = read(parts.fee.refunds)
        yield from _twice("duplicate_value", {f"fee.refunds[{n}].case": refund.case for n, refund in refunds.items()})
    yield from _twice("duplicate_code", {f"{path}.code": part.code for path, part in referred(parts)})
    for path, entries in _coded_lists(parts):
        if len(read(entries)) > (limit := _MOST.get(path, _MOST_OTHERS)):
            yield mistake("too_many", path, limit=limit)


def _twice(rule: str, values: Mapping[str, object]) -> Iterator[Mistake]:
    """Yields a mistake against `rule` for each readable value that repeats an earlier value; the keys are paths."""
    written = {path: value for path, value in values.items() if value is not UNREAD}
    yield from (mistake(rule, path) for path in repeated(written))


def _coded_lists(parts: rp.ProcedureSketch) -> Iterator[tuple[str, Listed[Any]]]:
    yield "figures", parts.figures
    yield "papers", parts.papers
    yield "cases", parts.cases
    yield "representation", parts.representation
    yield "form", parts.form
    yield from ((f"form[{n}].choice_names", field.choice_names) for n, field in read(parts.form).items())
    yield "review", parts.review
    for n, step in read(parts.review).items():
        if isinstance(step.consult, rp.ConsultSketch):
            yield f"review[{n}].consult.parties", step.consult.parties
    if isinstance(parts.fee, rp.FeeSketch):
        yield "fee.items", parts.fee.items
        yield "fee.waivers", parts.fee.waivers


def _value_lists(parts: rp.ProcedureSketch) -> Iterator[tuple[str, Listed[Any]]]:
    for n, paper in read(parts.papers).items():
        yield f"papers[{n}].accepts", paper.accepts
    for n, field in read(parts.form).items():
        yield f"form[{n}].choices", field.choices
    if isinstance(parts.fee, rp.FeeSketch):
        yield "fee.channels", parts.fee.channels
    if isinstance(parts.result, rp.ResultSketch):
        yield "result.channels", parts.result.channels
    for path, entry in referred(parts):
        yield f"{path}.kinds", entry.kinds
    for name in ("automatic", "silent_approval"):
        part = getattr(parts, name)
        if isinstance(part, rp.OfficersSketch):
            yield f"{name}.officers", part.officers


def ground_mistakes(parts: rp.ProcedureSketch) -> Iterator[Mistake]:
    """Yields a mistake for each ground of legal representation that names a paper missing from the list of papers."""
    for n, ground in read(parts.representation).items():
        if isinstance(ground.paper, str):
            yield from unknown_paper(ground.paper, f"representation[{n}].paper", parts.papers)


def unknown_paper(code: str, path: str, papers: Listed[rp.PaperSketch]) -> Iterator[Mistake]:
    """Yields a mistake if the paper at `path` is not in the list of papers."""
    known = whole(papers) and not any(paper.code is UNREAD for paper in read(papers).values())
    if known and all(paper.code != code for paper in read(papers).values()):
        yield mistake("evidence_unknown_paper", path)


def repeated(values: Mapping[K, object]) -> Iterator[K]:
    """Yields the key of each value that repeats an earlier value."""
    seen = set()
    for n, value in values.items():
        if value in seen:
            yield n
        seen.add(value)


def form_mistakes(parts: rp.ProcedureSketch) -> Iterator[Mistake]:
    """Yields the mistakes of form fields, and of the names of blank forms at papers."""
    for n, field in read(parts.form).items():
        yield from _field(field, f"form[{n}]")
    yield from _place(parts)
    keys = {n: paper.form for n, paper in read(parts.papers).items() if isinstance(paper.form, str)}
    yield from (mistake("duplicate_value", f"papers[{n}].form") for n in repeated(keys))
    for n, key in keys.items():
        if isinstance(parts.code, str) and not is_form_of(parts.code, key):
            yield mistake("unknown_form", f"papers[{n}].form")


def _place(parts: rp.ProcedureSketch) -> Iterator[Mistake]:
    """Yields a mistake for each field under `decided_by.place` that is not a form field of the kind commune."""
    form = read(parts.form).values()
    place = parts.decided_by.place if isinstance(parts.decided_by, rp.CompetenceSketch) else None
    if not isinstance(place, rp.PlaceSketch) or not whole(parts.form) or UNREAD in {field.code for field in form}:
        return
    communes = {field.code for field in form if field.kind in {FieldKind.COMMUNE, UNREAD}}
    for n, code in read(place.fields).items():
        if code not in communes:
            yield mistake("place_not_a_commune", f"decided_by.place.fields[{n}]")


def _field(field: rp.FieldSketch, path: str) -> Iterator[Mistake]:
    yield from _choice_names(field, path)
    if isinstance(field.kind, rp.Unread):
        return
    if field.kind is FieldKind.CHOICE and not field.choices:
        yield mistake("choices_required", f"{path}.choices")
    if field.kind is not FieldKind.CHOICE and field.choices:
        yield mistake("choices_only_for_choice", f"{path}.choices")
    yield from _bounds(field, field.kind, path)


def _choice_names(field: rp.FieldSketch, path: str) -> Iterator[Mistake]:
    choices = set(read(field.choices).values())
    for n, named in read(field.choice_names).items():
        if named.code is not UNREAD and choices and whole(field.choices) and named.code not in choices:
            yield mistake("name_of_no_choice", f"{path}.choice_names[{n}].code")


def _bounds(field: rp.FieldSketch, kind: FieldKind, path: str) -> Iterator[Mistake]:
    bounds = {"minimum": field.minimum, "maximum": field.maximum}
    written = {name: bound for name, bound in bounds.items() if isinstance(bound, int)}
    if kind not in {FieldKind.INTEGER, FieldKind.TEXT}:
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
