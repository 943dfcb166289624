"""A published procedure as rows for reading: each fact with its place in the file, its words and its source."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from motcua.cli.answer import columns
from motcua.cli.language import in_words
from publishing.changes.procedure_changes import Place, key_of
from publishing.changes.value_words import TOLD_BEFORE, Values, beside, is_entry, is_list_of_entries, title
from rules.wording.procedure_words import words_of
from rules.wording.prose import filled
from rules.wording.rule_words import Labels, labels_of
from schemas.base import Model, Text
from schemas.publishing.fact import Fact, Statement
from schemas.publishing.fee import FeeRule
from schemas.publishing.procedure import Procedure
from schemas.publishing.time_limits import LIMIT_SOURCES

_ELSEWHERE: Final = frozenset({"code", "version", "limits_source"})
"""Keys that have no rows of their own, since the title or the limits show them."""


class Row(NamedTuple):
    """A fact: its place in the file, its words, and its source."""

    where: str
    what: str
    source: str = ""


PAGE: Final = columns("place:where says:what source")


def rows(raw: Procedure) -> Iterator[Row]:
    """Yields the facts of a procedure, in the order of its file, with texts filled in from its rules."""
    procedure = filled(raw)
    values = Values(labels_of(procedure.form))
    sources = {f"limits.{name}": one for name, one in {**LIMIT_SOURCES, **procedure.limits_source}.items()}
    for key, part in procedure:
        if key not in _ELSEWHERE:
            yield from _rows(values, Place().key(key), part, sources)


def fee_rows(fee: FeeRule, labels: Labels) -> Iterator[Row]:
    """Yields the facts of a fee; `labels` are the labels of the form's fields."""
    yield from _rows(Values(labels), Place().key("fee"), fee, {})


def _rows(values: Values, place: Place, part: Any, sources: Mapping[str, str]) -> Iterator[Row]:
    """Yields one row for each fact in `part`. A part that is no fact is split into its values."""
    if part is None or part == ():
        return
    if is_list_of_entries(part):
        for one in part:
            yield from _rows(values, place.entry(key_of(one), one), one, sources)
    elif isinstance(part, Fact) or place.listed:
        yield from _fact(values, place, part)
    elif is_entry(part):
        for key, value in part:
            yield from _rows(values, place.key(key), value, sources)
    else:
        one_by_one = part if isinstance(part, tuple) else (part,)
        words = (in_words(values.said(place.name, one)) for one in one_by_one)
        yield Row(place.where, "\n".join(words), sources.get(place.where, ""))


def _fact(values: Values, place: Place, fact: Model) -> Iterator[Row]:
    lines, inside = list(_titles(place, fact)), []
    for key, part in fact:
        below = place.key(key)
        if part is None or part == () or key in TOLD_BEFORE:
            continue
        if is_list_of_entries(part) or is_entry(part):
            inside.append((below, part))
        else:
            lines.append(in_words(beside(words_of(below.name), values.said(below.name, part))))
    called = words_of(place.name)
    yield Row(place.where, "\n".join(lines) or in_words(Text(vi=called.vi, en=called.en)), getattr(fact, "source", ""))
    for below, part in inside:
        yield from _rows(values, below, part, {})


def _titles(place: Place, entry: Any) -> Iterator[str]:
    if place.listed:
        code, name = str(key_of(entry)), in_words(title(entry))
        yield code if name == code else f"{code}: {name}"
    elif isinstance(getattr(entry, "name", None), Text):
        yield in_words(entry.name)
    if isinstance(entry, Statement):
        yield in_words(entry.text)
