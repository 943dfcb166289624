"""The texts of a procedure, in which placeholders such as `{limit.processing}` stand for values of its rules."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final, TypeAlias, TypeVar

from rules.amounts import money
from rules.wording import rule_words as words
from schemas.base import Model, Text
from schemas.level import CAPABILITIES
from schemas.limit import Limit, counted
from schemas.publishing.fact import Statement
from schemas.publishing.fee import FeeRule
from schemas.publishing.procedure import Procedure, ReviewStep
from schemas.translate import said

T = TypeVar("T")

Vocabulary: TypeAlias = Mapping[str, Callable[[], Text]]
"""The text of each placeholder of a procedure, by its name."""
_Entry: TypeAlias = tuple[str, Callable[[], Text]]

PLACEHOLDER: Final = re.compile(r"\{([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*){0,2})\}")
"""`{kind}`, `{kind.code}` or `{kind.code.part}`."""


def filled(procedure: Procedure) -> Procedure:
    """The procedure with the placeholders of its texts filled in; an unknown placeholder, as in an old file, stays."""
    named: Procedure = _with(procedure, numbers(procedure))
    page = _with(procedure.information, {**numbers(procedure), **names(named)})
    return named.model_copy(update={"information": page})


def numbers(procedure: Procedure) -> Vocabulary:
    """The placeholders for amounts, times and channels, permitted in every text."""
    return dict(_numbers(procedure))


def names(procedure: Procedure) -> Vocabulary:
    """The placeholders for other texts of the procedure, permitted only on the information page."""
    labels, fee = words.labels_of(procedure.form), procedure.fee
    items, waivers = (fee.items, fee.waivers) if fee else ((), ())
    return {
        "result": partial(_the, procedure.result.name),
        **{f"paper.{paper.code}": partial(_the, paper.name) for paper in procedure.papers},
        "fee": lambda: words.whole_fee(fee, labels),
        **{f"fee.{item.code}.when": partial(words.charged, item, labels) for item in items if words.depends(item)},
        **{f"waiver.{one.code}.when": partial(words.holds, one.when, labels) for one in waivers if one.when},
    }


def _numbers(procedure: Procedure) -> Iterator[_Entry]:
    number = procedure.information.sets
    yield "sets", lambda: said("prose.one_set") if number == 1 else said("prose.sets", number=number)
    yield "channels.filing", partial(words.channels, CAPABILITIES[procedure.level].filing)
    yield "channels.result", partial(words.channels, procedure.result.channels)
    yield from ((f"figure.{figure.code}", partial(counted, figure.amount, figure.unit)) for figure in procedure.figures)
    yield from ((f"case.{case.code}", partial(words.duration, case.processing)) for case in procedure.cases)
    for name, limit in procedure.limits:
        if isinstance(limit, Limit):
            yield f"limit.{name}", partial(words.duration, limit)
    if (cut_off := procedure.limits.cut_off) is not None:
        yield "limit.cut_off", lambda: Text(vi=f"{cut_off:%H:%M}", en=f"{cut_off:%H:%M}")
    yield "limit.supplement", partial(words.duration, procedure.supplement.limit)
    yield "limit.supplement.within", partial(words.duration, procedure.supplement.within)
    if procedure.extension is not None:
        yield "limit.extension", partial(words.duration, procedure.extension.by)
        yield "limit.extension.notice", partial(words.duration, procedure.extension.notice)
    for step in procedure.review:
        yield from _step(step)
    if procedure.fee is not None:
        yield from _fee(procedure.fee)


def _step(step: ReviewStep) -> Iterator[_Entry]:
    yield f"step.{step.code}", partial(words.duration, step.limit)
    if (answered := step.obligation or step.draft) is not None:
        yield f"step.{step.code}.answer", partial(words.duration, answered.answer)
    if step.obligation is not None:
        yield f"step.{step.code}.pay", partial(words.duration, step.obligation.pay)
    for part in step.referral.parts if step.referral else ():
        yield f"part.{part.code}", partial(words.duration, part.limit)


def _fee(fee: FeeRule) -> Iterator[_Entry]:
    yield "channels.fee", partial(words.channels, fee.channels)
    yield "limit.payment", partial(words.duration, fee.limit)
    for item in fee.items:
        yield f"fee.{item.code}", partial(words.unit_price, item)
        bounds = {"minimum": item.minimum, "maximum": item.maximum}
        written = {name: bound for name, bound in bounds.items() if bound is not None}
        yield from ((f"fee.{item.code}.{name}", partial(money, bound)) for name, bound in written.items())
    yield from ((f"waiver.{waiver.code}", partial(words.waived, waiver)) for waiver in fee.waivers)


def _the(name: Text) -> Text:
    return name


def _with(part: T, vocabulary: Vocabulary) -> T:
    """Returns `part` with the placeholders filled in all its texts."""
    new: Any = part
    match part:
        case Text() | Statement():
            new = part.model_copy(update={name: _said(getattr(part, name), name, vocabulary) for name in ("vi", "en")})
        case tuple():
            new = tuple(_with(entry, vocabulary) for entry in part)
        case Model():
            new = part.model_copy(update={name: _with(value, vocabulary) for name, value in part})
    return new  # type: ignore[no-any-return]


def _said(text: str, language: str, vocabulary: Vocabulary) -> str:
    def word(match: re.Match[str]) -> str:
        say = vocabulary.get(match[1])
        return match[0] if say is None else str(getattr(say(), language))

    return PLACEHOLDER.sub(word, text)
