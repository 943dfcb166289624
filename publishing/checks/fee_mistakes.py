"""The mistakes in a procedure's validity and costs: counted fields, bounds, waivers, postage."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from publishing.checks import readable_parts as rp
from publishing.checks.list_mistakes import unknown_paper
from publishing.checks.readable_parts import UNREAD, read, whole
from rules.source import Mistake, mistake
from schemas.level import Channel, as_filed
from schemas.publishing.procedure import FieldKind

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
        yield from _bounds(item, f"fee.items[{n}]")
        yield from reversed_validity(item, f"fee.items[{n}]")
    for n, waiver in read(parts.fee.waivers).items():
        yield from reversed_validity(waiver, f"fee.waivers[{n}]")
        if isinstance(waiver.evidence, str):
            yield from unknown_paper(waiver.evidence, f"fee.waivers[{n}].evidence", parts.papers)


def _price(item: rp.ItemSketch, path: str) -> Iterator[Mistake]:
    """Yields the mistakes of a fee item that has neither an amount nor a complete rate, or has both."""
    if item.basis_points is None and item.of is None:
        if item.amount is None:
            yield mistake("required", f"{path}.amount")
        return
    yield from (mistake("required", f"{path}.{name}") for name in ("basis_points", "of") if getattr(item, name) is None)
    yield from (mistake("amount_or_rate", f"{path}.{n}") for n in ("amount", "per") if getattr(item, n) is not None)


def result_mistakes(parts: rp.ProcedureSketch) -> Iterator[Mistake]:
    """Yields the mistakes of a result's postage, and of the channels by which the result is handed out.

    Postage needs delivery by post. A result that is handed out the way the filing came (`as_filed`) needs both an
    online channel and one on paper.
    """
    result = parts.result
    if not isinstance(result, rp.ResultSketch) or not whole(result.channels):
        return
    offered = set(read(result.channels).values())
    if isinstance(result.postage, rp.Sketch) and Channel.POST not in offered:
        yield mistake("postage_without_post", "result.postage")
    if result.as_filed is True and not all(as_filed(offered, filed) for filed in Channel):
        yield mistake("as_filed_one_way", "result.as_filed")


def _bounds(item: rp.ItemSketch, path: str) -> Iterator[Mistake]:
    if {item.per, item.of, item.basis_points} == {None}:
        written = (name for name in ("minimum", "maximum") if getattr(item, name) is not None)
        yield from (mistake("bound_without_per", f"{path}.{name}") for name in written)
    elif isinstance(item.maximum, int):
        if isinstance(item.minimum, int) and item.minimum > item.maximum:
            yield mistake("minimum_above_maximum", f"{path}.minimum")
        if isinstance(item.amount, int) and item.amount > item.maximum:
            yield mistake("maximum_below_amount", f"{path}.maximum")


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
