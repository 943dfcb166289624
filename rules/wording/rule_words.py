"""The rules of a procedure in words for people; and its texts, in which such words replace `{limit.processing}`."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial, reduce
from typing import Any, Final, TypeAlias, TypeVar

from rules.time.in_force import validity_in_words
from rules.wording.procedure_words import rate, same, truth
from schemas.base import Model, Text
from schemas.level import CAPABILITIES, Channel, as_filed
from schemas.limit import Limit, Unit, counted
from schemas.names import CHANNEL_NAMES
from schemas.people import PersonKind
from schemas.publishing.fact import Condition, Statement, When
from schemas.publishing.fee import FeeItem, FeeRule, WaiverRule
from schemas.publishing.procedure import FieldKind, FieldRule, Procedure, ResultRule, ReviewStep
from schemas.text import FormValue
from schemas.translate import in_dong, joined, said

Labels = Mapping[str, Text]
"""The names of form fields, by code, and of their choices, by both codes: `kind` and `kind.birth`."""

_ALL = 100


def labels_of(form: tuple[FieldRule, ...]) -> dict[str, Text]:
    """The names of these fields and of their choices."""
    choices = {f"{field.code}.{choice}": field.called(choice) for field in form for choice in field.choices}
    return choices | {field.code: field.label for field in form}


def duration(limit: Limit) -> Text:
    """A limit in words: `5 ngày làm việc` / `5 working days`; for an amount of 0, the same day."""
    if limit.amount == 0:
        return said("prose.same_working_day" if limit.unit is Unit.WORKING_DAYS else "prose.same_day")
    return limit.words


def channels(of: Iterable[Channel]) -> Text:
    """The channels in their usual order: `trực tuyến hoặc tại Bộ phận Một cửa` / `online or at the one-stop desk`."""
    named = set(of)
    return _or([CHANNEL_NAMES[channel] for channel in Channel if channel in named])


def _filed(procedure: Procedure) -> Text:
    """The channels of filing in words.

    If filing on paper needs an incident, the channels on paper are named separately.
    """
    ways = CAPABILITIES[procedure.level].filing
    if procedure.paper_on_incident is None:
        return channels(ways)
    online, paper = (channels(as_filed(ways, way)) for way in (Channel.ONLINE, Channel.COUNTER))
    return said("prose.paper_on_incident", online=online, paper=paper)


def _delivered(result: ResultRule) -> Text:
    """The channels of the result in words; if they follow the channel of filing, separately for each way of filing."""
    if not result.as_filed:
        return channels(result.channels)
    electronic, paper = (channels(as_filed(result.channels, filed)) for filed in (Channel.ONLINE, Channel.COUNTER))
    return said("prose.as_filed", electronic=electronic, paper=paper)


def filed_by(of: Iterable[Channel]) -> Text:
    """The condition of filing by one of these channels, in words: `khi nộp hồ sơ trực tuyến` / `if filed online`."""
    return said("prose.filed", channel=channels(of))


def waived(rule: WaiverRule) -> Text:
    """The words for the waived part of the fee, and for the validity of the waiver."""
    off = said("prose.waived") if rule.percent == _ALL else said("prose.reduced", percent=rule.percent)
    return _spaced(off, validity_in_words(rule))


def _spaced(*texts: Text | None) -> Text:
    return joined((text for text in texts if text is not None), " ")


def whole_fee(fee: FeeRule | None, labels: Labels) -> Text:
    """The fee in words: for a single item without conditions, its amount; else the name and amount of each item."""
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
    written = [said(key, amount=in_dong(bound)) for bound, key in bounds if bound is not None]
    return joined([_spaced(price, validity_in_words(item)), *written])


def unit_price(item: FeeItem) -> Text:
    """The price of an item in words: `8.000 đồng` / `8,000 đồng`; or its rate: `0,5%` / `0.5%`."""
    return in_dong(item.amount) if item.amount is not None else rate(item.basis_points or 0)


def depends(item: FeeItem) -> bool:
    """Whether the item is charged only on some conditions or days."""
    return bool(item.when or item.valid_from or item.valid_until)


def charged(item: FeeItem, labels: Labels) -> Text:
    """The words for the conditions under which an item of a fee is charged, and for its first and last day."""
    days = validity_in_words(item)
    return joined(text for text in (holds(item.when, labels) if item.when else None, days) if text is not None)


def holds(when: When, labels: Labels) -> Text:
    """All conditions in words: `khi nộp hồ sơ trực tuyến và khi “Số phòng” là từ 6 trở lên`. Needs at least one."""
    conditions = [_condition(condition, labels) for condition in when]
    return reduce(lambda first, then: said("prose.and", first=first, then=then), conditions)


def _condition(condition: Condition, labels: Labels) -> Text:
    if condition.channel is not None:
        return filed_by((condition.channel,))
    if condition.applicant is not None:
        return said("prose.organisation" if condition.applicant is PersonKind.ORGANISATION else "prose.person")
    label = labels[str(condition.field)]
    if (ago := between(condition.at_least_days_ago, condition.at_most_days_ago)) is not None:
        return said("prose.days_ago", label=label, days=ago)
    taken = [labels.get(f"{condition.field}.{value}") or _value(value) for value in condition.one_of]
    values = between(condition.at_least, condition.at_most) or _or(taken)
    return said("prose.is", label=label, values=values)


def between(least: int | None, most: int | None) -> Text | None:
    """The bounds in words: `từ 1 đến 5` / `from 1 to 5`; None if both bounds are None."""
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
    """The note at a form field: its bounds, its conditions, and that it is optional; None if none of these applies."""
    bounds = between(field.minimum, field.maximum)
    if bounds is not None and field.kind is FieldKind.TEXT:
        bounds = said("sheet.characters", number=bounds)
    notes = (
        said("sheet.date") if field.kind is FieldKind.DATE else None,
        said("sheet.commune") if field.kind is FieldKind.COMMUNE else None,
        bounds,
        holds(field.when, labels) if field.when else None,
        None if field.required else said("sheet.optional"),
    )
    found = [note for note in notes if note is not None]
    return joined(found, "; ") if found else None


T = TypeVar("T")

Vocabulary: TypeAlias = Mapping[str, Callable[[], Text]]
"""The text of each placeholder of a procedure, by its name."""
_Entry: TypeAlias = tuple[str, Callable[[], Text]]

PLACEHOLDER: Final = re.compile(r"\{([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*){0,2})\}")
"""A placeholder in a text: `{kind}`, `{kind.code}` or `{kind.code.part}`."""


def filled(procedure: Procedure) -> Procedure:
    """The procedure with the placeholders of its texts filled in; an unknown placeholder, as in an old file, stays."""
    named: Procedure = _with(procedure, numbers(procedure))
    page = _with(procedure.information, {**numbers(procedure), **names(named)})
    return named.model_copy(update={"information": page})


def numbers(procedure: Procedure) -> Vocabulary:
    """The placeholders for amounts, times and channels, permitted in every text."""
    return dict(_numbers(procedure))


def names(procedure: Procedure) -> Vocabulary:
    """The placeholders that insert other texts of the procedure; only the information page may have them."""
    labels, fee = labels_of(procedure.form), procedure.fee
    items, waivers = (fee.items, fee.waivers) if fee else ((), ())
    return {
        "result": partial(_the, procedure.result.name),
        **{f"paper.{paper.code}": partial(_the, paper.name) for paper in procedure.papers},
        "fee": lambda: whole_fee(fee, labels),
        **{f"fee.{item.code}.when": partial(charged, item, labels) for item in items if depends(item)},
        **{f"waiver.{one.code}.when": partial(holds, one.when, labels) for one in waivers if one.when},
    }


def _numbers(procedure: Procedure) -> Iterator[_Entry]:
    number = procedure.information.sets
    yield "sets", lambda: said("prose.one_set") if number == 1 else said("prose.sets", number=number)
    yield "channels.filing", partial(_filed, procedure)
    yield "channels.result", partial(_delivered, procedure.result)
    yield from ((f"figure.{figure.code}", partial(counted, figure.amount, figure.unit)) for figure in procedure.figures)
    yield from ((f"case.{case.code}", partial(duration, case.processing)) for case in procedure.cases)
    for name, limit in procedure.limits:
        if isinstance(limit, Limit):
            yield f"limit.{name}", partial(duration, limit)
    if (cut_off := procedure.limits.cut_off) is not None:
        yield "limit.cut_off", lambda: Text(vi=f"{cut_off:%H:%M}", en=f"{cut_off:%H:%M}")
    yield "limit.supplement", partial(duration, procedure.supplement.limit)
    yield "limit.supplement.within", partial(duration, procedure.supplement.within)
    yield from _optional(procedure)
    for step in procedure.review:
        yield from _step(step)
    if procedure.fee is not None:
        yield from _fee(procedure.fee)


def _optional(procedure: Procedure) -> Iterator[_Entry]:
    if procedure.extension is not None:
        yield "limit.extension", partial(duration, procedure.extension.by)
        yield "limit.extension.notice", partial(duration, procedure.extension.notice)
    if procedure.succession is not None:
        yield "limit.succession", partial(duration, procedure.succession.limit)


def _step(step: ReviewStep) -> Iterator[_Entry]:
    yield f"step.{step.code}", partial(duration, step.limit)
    if (answered := step.obligation or step.draft) is not None:
        yield f"step.{step.code}.answer", partial(duration, answered.answer)
    if step.obligation is not None:
        yield f"step.{step.code}.pay", partial(duration, step.obligation.pay)
    for part in step.referral.parts if step.referral else ():
        yield f"part.{part.code}", partial(duration, part.limit)


def _fee(fee: FeeRule) -> Iterator[_Entry]:
    yield "channels.fee", partial(channels, fee.channels)
    yield "limit.payment", partial(duration, fee.limit)
    for item in fee.items:
        yield f"fee.{item.code}", partial(unit_price, item)
        bounds = {"minimum": item.minimum, "maximum": item.maximum}
        written = {name: bound for name, bound in bounds.items() if bound is not None}
        yield from ((f"fee.{item.code}.{name}", partial(in_dong, bound)) for name, bound in written.items())
    yield from ((f"waiver.{waiver.code}", partial(waived, waiver)) for waiver in fee.waivers)


def _the(name: Text) -> Text:
    return name


def _with(part: T, vocabulary: Vocabulary) -> T:
    """Returns `part` with the placeholders filled in all its texts."""
    new: Any = part
    match part:
        case Text() | Statement():
            new = part.model_copy(
                update={name: _filled(getattr(part, name), name, vocabulary) for name in ("vi", "en")}
            )
        case tuple():
            new = tuple(_with(entry, vocabulary) for entry in part)
        case Model():
            new = part.model_copy(update={name: _with(value, vocabulary) for name, value in part})
    return new  # type: ignore[no-any-return]


def _filled(text: str, language: str, vocabulary: Vocabulary) -> str:
    def word(match: re.Match[str]) -> str:
        say = vocabulary.get(match[1])
        return match[0] if say is None else str(getattr(say(), language))

    return PLACEHOLDER.sub(word, text)
