"""The mistakes in the lists and form fields of a procedure, and in costs: counted fields, bounds, waivers, postage."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final, TypeVar

from publishing.checks import readable_parts as rp
from publishing.checks.readable_parts import UNREAD, Listed, read, referred, whole
from rules.forms.sheet import is_form_of
from rules.source import Mistake, mistake
from schemas.level import Channel
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
    keys = {n: paper.form for n, paper in read(parts.papers).items() if isinstance(paper.form, str)}
    yield from (mistake("duplicate_value", f"papers[{n}].form") for n in repeated(keys))
    for n, key in keys.items():
        if isinstance(parts.code, str) and not is_form_of(parts.code, key):
            yield mistake("unknown_form", f"papers[{n}].form")


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


_COUNTED: Final = {"per": 100_000, "of": 100_000_000_000_000}
"""The most units (`per`) in a filing, and the most đồng for a rate (`of`): JSON can hold even the highest fee."""


def fee_mistakes(parts: rp.ProcedureSketch) -> Iterator[Mistake]:
    """Yields every mistake of the fee."""
    if not isinstance(parts.fee, rp.FeeSketch):
        return
    if whole(parts.fee.channels) and set(read(parts.fee.channels).values()) == {Channel.POST}:
        yield mistake("fee_by_post_alone", "fee.channels")
    for n, item in read(parts.fee.items).items():
        yield from _price(item, f"fee.items[{n}]")
        for key, most in _COUNTED.items():
            if isinstance(code := getattr(item, key), str):
                yield from _counted(code, (f"fee.items[{n}]", key), parts.form, most)
        yield from _bounds_of_item(item, f"fee.items[{n}]")
        yield from reversed_validity(item, f"fee.items[{n}]")
    for n, waiver in read(parts.fee.waivers).items():
        yield from reversed_validity(waiver, f"fee.waivers[{n}]")
        if isinstance(waiver.evidence, str):
            yield from _evidence(waiver.evidence, f"fee.waivers[{n}].evidence", parts.papers)


def _price(item: rp.ItemSketch, path: str) -> Iterator[Mistake]:
    """Yields the mistakes of a fee item that has neither an amount nor a complete rate, or has both."""
    if item.basis_points is None and item.of is None:
        if item.amount is None:
            yield mistake("required", f"{path}.amount")
        return
    yield from (mistake("required", f"{path}.{name}") for name in ("basis_points", "of") if getattr(item, name) is None)
    yield from (mistake("amount_or_rate", f"{path}.{n}") for n in ("amount", "per") if getattr(item, n) is not None)


def postage_mistakes(parts: rp.ProcedureSketch) -> Iterator[Mistake]:
    """Yields the mistake of postage in a procedure without delivery by post."""
    result = parts.result
    if not isinstance(result, rp.ResultSketch) or not isinstance(result.postage, rp.Sketch):
        return
    if whole(result.channels) and Channel.POST not in read(result.channels).values():
        yield mistake("postage_without_post", "result.postage")


def _bounds_of_item(item: rp.ItemSketch, path: str) -> Iterator[Mistake]:
    if {item.per, item.of, item.basis_points} == {None}:
        written = (name for name in ("minimum", "maximum") if getattr(item, name) is not None)
        yield from (mistake("bound_without_per", f"{path}.{name}") for name in written)
    elif isinstance(item.maximum, int):
        if isinstance(item.minimum, int) and item.minimum > item.maximum:
            yield mistake("minimum_above_maximum", f"{path}.minimum")
        if isinstance(item.amount, int) and item.amount > item.maximum:
            yield mistake("maximum_below_amount", f"{path}.maximum")


def _evidence(code: str, path: str, papers: rp.Listed[rp.PaperSketch]) -> Iterator[Mistake]:
    known = whole(papers) and not any(paper.code is UNREAD for paper in read(papers).values())
    if known and all(paper.code != code for paper in read(papers).values()):
        yield mistake("evidence_unknown_paper", path)


def _counted(code: str, place_of: tuple[str, str], form: rp.Listed[rp.FieldSketch], most: int) -> Iterator[Mistake]:
    """Yields the mistakes of the form field whose value a fee item counts. The value must be from 0 to `most`."""
    (item, key), fields = place_of, read(form)
    path = f"{item}.{key}"
    place = next((n for n, field in fields.items() if field.code == code), None)
    if place is None:
        if whole(form) and not any(field.code is UNREAD for field in fields.values()):
            yield mistake(f"{key}_unknown_field", path)
    elif fields[place].kind is FieldKind.INTEGER:
        yield from _counting(fields[place], f"form[{place}]", most)
    elif fields[place].kind is not UNREAD:
        yield mistake(f"{key}_not_integer", path)


def _counting(field: rp.FieldSketch, path: str, most: int) -> Iterator[Mistake]:
    if not isinstance(field.minimum, int) or field.minimum < 0:
        yield mistake("per_needs_minimum", f"{path}.minimum")
    if not isinstance(field.maximum, int) or field.maximum > most:
        yield mistake("per_needs_maximum", f"{path}.maximum", limit=most)


def reversed_validity(part: rp.ValiditySketch, path: str) -> Iterator[Mistake]:
    """Yields the mistake of a validity that ends before it begins."""
    since, until = part.valid_from, part.valid_until
    if isinstance(since, date) and isinstance(until, date) and since > until:
        yield mistake("validity_reversed", f"{path}.valid_until")
