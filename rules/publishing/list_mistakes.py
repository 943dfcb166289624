"""What is wrong with the lists of a procedure: an entry that stands there twice, too many of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeVar

from rules.publishing.mistakes import Mistake, mistake
from rules.publishing.readable_parts import (
    UNREAD,
    ConsultSketch,
    FeeSketch,
    Listed,
    OfficersSketch,
    ProcedureSketch,
    ResultSketch,
    read,
    referred,
)

K = TypeVar("K")

_MOST_ITEMS: Final = 50
_MOST_PAPERS: Final = 100
_MOST_FIELDS: Final = 200
"""A submission holds no more than these."""
_MOST_OTHERS: Final = 100


def list_mistakes(parts: ProcedureSketch) -> Iterator[Mistake]:
    """What stands in a list twice, and which list is too long."""
    yield from _duplicates(parts)
    yield from _crowded(parts)


def _duplicates(parts: ProcedureSketch) -> Iterator[Mistake]:
    for path, codes in _codes(parts):
        written = {n: code for n, code in codes.items() if code is not UNREAD}
        yield from (mistake("duplicate_code", f"{path}[{n}].code") for n in repeated(written))
    for path, values in _value_lists(parts):
        yield from (mistake("duplicate_value", f"{path}[{n}]") for n in repeated(read(values)))
    if isinstance(parts.fee, FeeSketch):
        refunds = {n: refund.case for n, refund in read(parts.fee.refunds).items() if refund.case is not UNREAD}
        yield from (mistake("duplicate_value", f"fee.refunds[{n}].case") for n in repeated(refunds))
    codes_of_parts = {path: part.code for path, part in referred(parts) if part.code is not UNREAD}
    yield from (mistake("duplicate_code", f"{path}.code") for path in repeated(codes_of_parts))


def _crowded(parts: ProcedureSketch) -> Iterator[Mistake]:
    most = {"papers": _MOST_PAPERS, "form": _MOST_FIELDS, "fee.items": _MOST_ITEMS}
    for path, codes in _codes(parts):
        if len(codes) > (limit := most.get(path, _MOST_OTHERS)):
            yield mistake("too_many", path, limit=limit)


def _codes(parts: ProcedureSketch) -> Iterator[tuple[str, dict[int, object]]]:
    yield "figures", {n: entry.code for n, entry in read(parts.figures).items()}
    yield "papers", {n: entry.code for n, entry in read(parts.papers).items()}
    yield "cases", {n: entry.code for n, entry in read(parts.cases).items()}
    yield "form", {n: entry.code for n, entry in read(parts.form).items()}
    for n, field in read(parts.form).items():
        yield f"form[{n}].choice_names", {k: entry.code for k, entry in read(field.choice_names).items()}
    yield "review", {n: entry.code for n, entry in read(parts.review).items()}
    for n, step in read(parts.review).items():
        if isinstance(step.consult, ConsultSketch):
            parties = read(step.consult.parties)
            yield f"review[{n}].consult.parties", {k: entry.code for k, entry in parties.items()}
    if isinstance(parts.fee, FeeSketch):
        yield "fee.items", {n: entry.code for n, entry in read(parts.fee.items).items()}
        yield "fee.waivers", {n: entry.code for n, entry in read(parts.fee.waivers).items()}


def _value_lists(parts: ProcedureSketch) -> Iterator[tuple[str, Listed[Any]]]:
    for n, paper in read(parts.papers).items():
        yield f"papers[{n}].accepts", paper.accepts
    for n, field in read(parts.form).items():
        yield f"form[{n}].choices", field.choices
    if isinstance(parts.fee, FeeSketch):
        yield "fee.channels", parts.fee.channels
    if isinstance(parts.result, ResultSketch):
        yield "result.channels", parts.result.channels
    for path, entry in referred(parts):
        yield f"{path}.kinds", entry.kinds
    for name in ("automatic", "silent_approval"):
        part = getattr(parts, name)
        if isinstance(part, OfficersSketch):
            yield f"{name}.officers", part.officers


def repeated(values: Mapping[K, object]) -> Iterator[K]:
    """The places of what stands before already."""
    seen = set()
    for n, value in values.items():
        if value in seen:
            yield n
        seen.add(value)
