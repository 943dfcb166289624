"""What makes a procedure file fit to be published: its form, its cross-references, and what its level allows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from schemas.base import Code
from schemas.level import CAPABILITIES, Channel, Level
from schemas.limit import Limit, Unit
from schemas.people import Role
from schemas.procedure import Act, FieldKind, FieldRule, Procedure

from .mistakes import Mistake, mistake
from .plain_data import child, plain
from .readable_parts import Entries, Parts, readable_parts
from .schema_mistakes import schema_mistakes

_BOUNDED: Final = frozenset({FieldKind.INTEGER, FieldKind.TEXT})
_NO_FEE_CHANNEL_YET: Final = frozenset({Channel.POST})
_MOST_UNITS: Final = 100_000
"""So many times the dearest item is still an amount that JSON can hold."""
_SAME_DAY: Final = frozenset({Unit.WORKING_DAYS, Unit.CALENDAR_DAYS})


def problems(raw: object, *, allow_seconds: bool = False) -> list[Mistake]:
    """Every mistake of a procedure as it was read from a file; none means that it may be published.

    `allow_seconds` admits the unit that only demonstrations use.
    """
    if not isinstance(raw, dict):
        return [mistake("not_a_mapping", "")]
    found: list[Mistake] = []
    value = plain(raw, "", found)
    found.extend(_blank_texts(value, ""))
    known = {entry.path for entry in found}
    found.extend(entry for entry in schema_mistakes(Procedure, value) if entry.path not in known)
    found.extend(_across(readable_parts(value), allow_seconds=allow_seconds))
    return list({(entry.path, entry.rule): entry for entry in found}.values())


def _blank_texts(value: Any, path: str) -> Iterator[Mistake]:
    match value:
        case dict():
            for key, entry in value.items():
                yield from _blank_texts(entry, child(path, key))
        case list():
            for n, entry in enumerate(value):
                yield from _blank_texts(entry, child(path, n))
        case str() if not value.strip():
            yield mistake("required", path)


def _across(parts: Parts, *, allow_seconds: bool) -> Iterator[Mistake]:
    yield from _duplicates(parts)
    for n, field in parts.form.read.items():
        yield from _field(field, f"form[{n}]")
    for path, limit in parts.limits.items():
        yield from _limit(limit, path, allow_seconds=allow_seconds)
    if parts.review.whole:
        yield from _review(parts)
    yield from _fee(parts)
    if parts.level is not None:
        yield from _level(parts, parts.level)


def _repeated(values: Mapping[int, str]) -> Iterator[int]:
    seen: set[str] = set()
    for n, value in values.items():
        if value in seen:
            yield n
        seen.add(value)


def _duplicates(parts: Parts) -> Iterator[Mistake]:
    codes = {
        "papers": {n: entry.code for n, entry in parts.papers.read.items()},
        "form": {n: entry.code for n, entry in parts.form.read.items()},
        "review": {n: entry.code for n, entry in parts.review.read.items()},
        "fee.items": {n: entry.code for n, entry in parts.fee_items.read.items()},
    }
    for path, written in codes.items():
        yield from (mistake("duplicate_code", f"{path}[{n}].code") for n in _repeated(written))
    channels = {"fee.channels": parts.fee_channels, "result.channels": parts.result_channels}
    for path, offered in channels.items():
        yield from (mistake("duplicate_value", f"{path}[{n}]") for n in _repeated(offered.read))


def _field(field: FieldRule, path: str) -> Iterator[Mistake]:
    if field.kind is FieldKind.CHOICE and not field.choices:
        yield mistake("choices_required", f"{path}.choices")
    if field.kind is not FieldKind.CHOICE and field.choices:
        yield mistake("choices_only_for_choice", f"{path}.choices")
    for n in _repeated(dict(enumerate(field.choices))):
        yield mistake("duplicate_value", f"{path}.choices[{n}]")
    yield from _bounds(field, path)


def _bounds(field: FieldRule, path: str) -> Iterator[Mistake]:
    bounds = {"minimum": field.minimum, "maximum": field.maximum}
    written = {name: bound for name, bound in bounds.items() if bound is not None}
    if field.kind not in _BOUNDED:
        yield from (mistake("bounds_not_for_kind", f"{path}.{name}") for name in written)
        return
    if field.kind is FieldKind.TEXT:
        yield from (mistake("negative_length", f"{path}.{name}") for name, bound in written.items() if bound < 0)
    if len(written) == len(bounds) and written["minimum"] > written["maximum"]:
        yield mistake("minimum_above_maximum", f"{path}.minimum")


def _limit(limit: Limit, path: str, *, allow_seconds: bool) -> Iterator[Mistake]:
    if limit.amount == 0 and limit.unit not in _SAME_DAY:
        yield mistake("limit_zero", path)
    if limit.unit is Unit.SECONDS and not allow_seconds:
        yield mistake("seconds_not_allowed", path)


def _review(parts: Parts) -> Iterator[Mistake]:
    steps = parts.review.values
    if not steps:
        if parts.level is not None and parts.level > Level.INFORMATION:
            yield mistake("review_required", "review")
        return
    deciding = [n for n, step in enumerate(steps) if step.act is Act.DECIDE]
    if len(deciding) != 1:
        yield mistake("decide_exactly_once", "review")
    elif deciding[0] != len(steps) - 1:
        yield mistake("decide_not_last", f"review[{deciding[0]}].act")
    for n in deciding:
        if steps[n].role is not Role.LEADER:
            yield mistake("decide_by_leader", f"review[{n}].role")
    if sum(step.act is Act.PROPOSE for step in steps) != 1:
        yield mistake("propose_exactly_once", "review")


def _fee(parts: Parts) -> Iterator[Mistake]:
    for n, channel in parts.fee_channels.read.items():
        if channel in _NO_FEE_CHANNEL_YET:
            yield mistake("fee_by_post_not_available", f"fee.channels[{n}]")
    for n, item in parts.fee_items.read.items():
        if item.per is not None:
            yield from _per(item.per, f"fee.items[{n}].per", parts.form)


def _per(code: Code, path: str, form: Entries[FieldRule]) -> Iterator[Mistake]:
    place = next((n for n, field in form.read.items() if field.code == code), None)
    if place is None:
        if form.whole:
            yield mistake("per_unknown_field", path)
    elif form.read[place].kind is not FieldKind.INTEGER:
        yield mistake("per_not_integer", path)
    else:
        least, most = form.read[place].minimum, form.read[place].maximum
        if least is None or least < 0:
            yield mistake("per_needs_minimum", f"form[{place}].minimum")
        if most is None or most > _MOST_UNITS:
            yield mistake("per_needs_maximum", f"form[{place}].maximum", limit=_MOST_UNITS)


def _level(parts: Parts, level: Level) -> Iterator[Mistake]:
    allowed = CAPABILITIES[level]
    yield from _channels("fee", parts.fee_channels, allowed.fee, level)
    yield from _channels("result", parts.result_channels, allowed.result, level)
    if parts.signature and not allowed.signature:
        yield mistake("signature_not_allowed", "signature.required")
    online_only = parts.fee_channels.whole and list(parts.fee_channels.values) == [Channel.ONLINE]
    if parts.signature and level is Level.FULLY_ONLINE and online_only:
        yield mistake("unsigned_could_not_pay", "fee.channels")
    if parts.automatic and Channel.ONLINE not in allowed.filing:
        yield mistake("automatic_needs_online_filing", "automatic")


def _channels(part: str, offered: Entries[Channel], allowed: frozenset[Channel], level: Level) -> Iterator[Mistake]:
    unavailable = _NO_FEE_CHANNEL_YET if part == "fee" else frozenset[Channel]()
    words = ", ".join(sorted(allowed - unavailable))
    for n, channel in offered.read.items():
        if channel not in allowed:
            yield mistake(f"{part}_channel_not_allowed", f"{part}.channels[{n}]", level=int(level), allowed=words)
    if level is Level.FULLY_ONLINE and offered.whole and offered.read and Channel.ONLINE not in offered.values:
        yield mistake(f"{part}_must_offer_online", f"{part}.channels")
