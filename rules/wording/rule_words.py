"""The rules of a procedure in words for people: amounts, conditions, waivers, limits."""

from collections.abc import Iterable, Mapping
from functools import reduce

from rules.amounts import money
from rules.time.in_force import validity_in_words
from rules.wording.procedure_words import rate, same, truth
from schemas.base import Text
from schemas.level import Channel
from schemas.limit import Limit, Unit
from schemas.names import CHANNEL_NAMES
from schemas.people import PersonKind
from schemas.publishing.fact import Condition, When
from schemas.publishing.fee import FeeItem, FeeRule, WaiverRule
from schemas.publishing.procedure import FieldKind, FieldRule
from schemas.text import FormValue
from schemas.translate import joined, said

Labels = Mapping[str, Text]
"""The names of form fields, by code, and of their choices, by both codes: `kind` and `kind.birth`."""

_ALL = 100


def labels_of(form: tuple[FieldRule, ...]) -> dict[str, Text]:
    """The names of these fields and their choices."""
    choices = {f"{field.code}.{choice}": field.called(choice) for field in form for choice in field.choices}
    return choices | {field.code: field.label for field in form}


def duration(limit: Limit) -> Text:
    """`5 ngày làm việc` / `5 working days`; for an amount of 0, the same day."""
    if limit.amount == 0:
        return said("prose.same_working_day" if limit.unit is Unit.WORKING_DAYS else "prose.same_day")
    return limit.words


def channels(of: Iterable[Channel]) -> Text:
    """Returns `trực tuyến hoặc tại bộ phận một cửa` / `online or at the one-stop desk`, in the order of `Channel`."""
    named = set(of)
    return _or([CHANNEL_NAMES[channel] for channel in Channel if channel in named])


def waived(rule: WaiverRule) -> Text:
    """The words for the waived part of the fee, and for the validity of the waiver."""
    off = said("prose.waived") if rule.percent == _ALL else said("prose.reduced", percent=rule.percent)
    return _spaced(off, validity_in_words(rule))


def _spaced(*texts: Text | None) -> Text:
    return joined((text for text in texts if text is not None), " ")


def whole_fee(fee: FeeRule | None, labels: Labels) -> Text:
    """The fee in words: only its amount; or, if it has conditions or several items, each item with its name."""
    if fee is None:
        return said("prose.no_fee")
    if len(fee.items) == 1 and not fee.items[0].when:
        return amount(fee.items[0], labels)
    return joined((said("prose.item", name=item.name, amount=amount(item, labels)) for item in fee.items), "; ")


def amount(item: FeeItem, labels: Labels) -> Text:
    """The cost of a fee's item in words: its price or rate, its unit, its bounds, its validity."""
    price = unit_price(item)
    if item.per is not None:
        price = said("prose.per", amount=price, label=labels[item.per])
    if item.of is not None:
        price = said("prose.share", rate=price, label=labels[item.of])
    bounds = [(item.minimum, "prose.cost_at_least"), (item.maximum, "prose.cost_at_most")]
    written = [said(key, amount=money(bound)) for bound, key in bounds if bound is not None]
    return joined([_spaced(price, validity_in_words(item)), *written])


def unit_price(item: FeeItem) -> Text:
    """Returns `8.000 đồng` / `8,000 đồng`, or the rate: `0,5%` / `0.5%`."""
    return money(item.amount) if item.amount is not None else rate(item.basis_points or 0)


def depends(item: FeeItem) -> bool:
    """Whether the item is charged only on some conditions or days."""
    return bool(item.when or item.valid_from or item.valid_until)


def charged(item: FeeItem, labels: Labels) -> Text:
    """The words for the conditions and the validity of a fee's item that is not always charged."""
    days = validity_in_words(item)
    return joined(text for text in (holds(item.when, labels) if item.when else None, days) if text is not None)


def holds(when: When, labels: Labels) -> Text:
    """All conditions in words: `khi nộp hồ sơ trực tuyến và khi “Số phòng” là từ 6 trở lên`. Needs at least one."""
    conditions = [_condition(condition, labels) for condition in when]
    return reduce(lambda first, then: said("prose.and", first=first, then=then), conditions)


def _condition(condition: Condition, labels: Labels) -> Text:
    if condition.channel is not None:
        return said("prose.filed", channel=CHANNEL_NAMES[condition.channel])
    if condition.applicant is not None:
        return said("prose.organisation" if condition.applicant is PersonKind.ORGANISATION else "prose.person")
    label = labels[str(condition.field)]
    if (ago := between(condition.at_least_days_ago, condition.at_most_days_ago)) is not None:
        return said("prose.days_ago", label=label, days=ago)
    taken = [labels.get(f"{condition.field}.{value}") or _value(value) for value in condition.one_of]
    values = between(condition.at_least, condition.at_most) or _or(taken)
    return said("prose.is", label=label, values=values)


def between(least: int | None, most: int | None) -> Text | None:
    """`từ 1 đến 5` / `from 1 to 5`; None if both bounds are None."""
    if least is not None and most is not None:
        return said("prose.from_to", least=least, most=most)
    if least is not None:
        return said("prose.at_least", least=least)
    return None if most is None else said("prose.at_most", most=most)


def _value(value: FormValue) -> Text:
    return truth(value) if isinstance(value, bool) else same(str(value))


def _or(texts: list[Text]) -> Text:
    """The texts as alternatives: `a, b hoặc c`."""
    *others, last = texts
    return said("prose.or", others=joined(others), last=last) if others else last


def note_of(field: FieldRule, labels: Labels) -> Text | None:
    """The note of a form field: its bounds, its conditions, and whether it is optional; None if none of these apply."""
    bounds = between(field.minimum, field.maximum)
    if bounds is not None and field.kind is FieldKind.TEXT:
        bounds = said("sheet.characters", number=bounds)
    notes = (
        said("sheet.date") if field.kind is FieldKind.DATE else None,
        bounds,
        holds(field.when, labels) if field.when else None,
        None if field.required else said("sheet.optional"),
    )
    found = [note for note in notes if note is not None]
    return joined(found, "; ") if found else None
