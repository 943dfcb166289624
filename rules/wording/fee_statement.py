"""The cost of a filing as `motcua fee` shows it: each amount with its item, source and reason; and the fee's inputs."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time
from typing import Final, NamedTuple

from rules.filing.conditions import Case
from rules.filing.fees.assessment import Assessment, Charge, assess, not_for
from rules.filing.fees.inputs import APPLICANT, CHANNEL, Unknown, inputs, missing
from rules.filing.submission.admission import form_problems
from rules.time.in_force import in_force
from rules.time.working_time import VIETNAM
from rules.wording import rule_words as words
from rules.wording.procedure_words import rate
from schemas.base import Model, Text
from schemas.errors import Problem, RefusalCode, problem, refused
from schemas.level import CAPABILITIES, Channel
from schemas.people import PersonKind, Role
from schemas.publishing.fact import When
from schemas.publishing.fee import FeeItem, FeeKind, FeeRule, WaiverRule
from schemas.publishing.procedure import FieldKind, Procedure
from schemas.publishing.procedure_rules import ProcedureRules, WaiverPart, rules_of
from schemas.translate import in_dong, joined, said

NO_FILE: Final = "0" * 64
"""A placeholder for the digest of the procedure's file, since the digest does not affect the fee."""


class Input(Model):
    """An input of the fee or of a waiver. `option`: the option of `motcua fee` that sets this input.

    `minimum` and `maximum` bound a whole number, or the length of a text. If the conditions `when` fail, the field
    is not in the form; a field that is not `required` may be left empty.
    """

    name: str
    option: str
    type: FieldKind
    label: Text
    required: bool
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[str, ...] = ()
    when: When = ()


def described(procedure: Procedure) -> tuple[Input, ...]:
    """The inputs of the fee: the channel, the kind of applicant, then fields in the order of the form."""
    fields = (
        Input(
            name=field.code,
            option=f"--set {field.code}",
            type=field.kind,
            label=field.label,
            required=field.required,
            minimum=field.minimum,
            maximum=field.maximum,
            choices=field.choices,
            when=field.when,
        )
        for field in procedure.form
    )
    channels = (channel for channel in Channel if channel in CAPABILITIES[procedure.level].filing)
    others = (
        _choice(CHANNEL, "--channel", said("fee.channel"), channels),
        _choice(APPLICANT, f"--set {APPLICANT}", said("fee.applicant"), PersonKind),
    )
    by_name = {one.name: one for one in (*others, *fields)}
    return tuple(by_name[name] for name in inputs(rules_of(procedure, NO_FILE)))


def _choice(name: str, option: str, label: Text, choices: Iterable[str]) -> Input:
    chosen = tuple(str(one) for one in choices)
    return Input(name=name, option=option, type=FieldKind.CHOICE, label=label, required=True, choices=chosen)


class StatedLine(Model):
    """A charged item. `amount`: the sum to pay in đồng, after `waived` was subtracted. `rule`: the code of the item."""

    kind: FeeKind
    amount: int
    rule: str
    name: Text
    reason: Text
    source: str
    waived: int = 0


class StatedWaiver(Model):
    """A waiver of a fee. `approver`: the role that may grant it. `evidence`: the paper needed for it; None if none."""

    code: str
    name: Text
    percent: int
    approver: Role
    evidence: str | None
    source: str


class FeeStatement(Model):
    """The sum to pay in đồng with its reasons. If `total` is None, `missing` names the inputs that are still needed.

    All lines add up to `total`, the lines of each kind to `phi` and `le_phi`. `waived`: the sum that the granted
    `waiver` subtracts. `waivers`: all waivers that might be granted, as far as is known.
    """

    total: int | None
    phi: int | None
    le_phi: int | None
    lines: tuple[StatedLine, ...] = ()
    waived: int = 0
    waiver: StatedWaiver | None = None
    waivers: tuple[StatedWaiver, ...] = ()
    missing: tuple[Problem, ...] = ()


class Question(NamedTuple):
    """The known facts of a filing; the `day` of its receipt, request and payment; the code of a waiver, if any."""

    case: Case
    day: date
    waiver: str | None = None


def stated(procedure: Procedure, question: Question) -> FeeStatement:
    """The cost of a filing under a procedure. Raises `RefusalError` for values that no filing could have."""
    rules, fee = rules_of(procedure, NO_FILE), procedure.fee
    case, day, _ = question
    if problems := [*_wrong(rules, case, day)]:
        raise refused(RefusalCode.BAD_SUBMISSION, *problems)
    waiver = _waiver(fee, question)
    part = _part(rules, question.waiver)
    unsure = Unknown(rules, case, day, optional=True)
    if part is not None and (why := _not_for(part, unsure, case, day)) is not None:
        raise refused(RefusalCode.BAD_SUBMISSION, why)
    open_to = tuple(_open(fee, unsure, day))
    granted = _stated(waiver) if waiver else None
    if unknown := missing(rules, case, day, day, part):
        found = tuple(problem(name, "field_required") for name in unknown)
        return FeeStatement(total=None, phi=None, le_phi=None, waiver=granted, waivers=open_to, missing=found)
    at = datetime.combine(day, time(), VIETNAM)
    assessed = assess(rules.fee, case, day, at, part.percent if part else 0)
    lines = tuple(_lines(procedure, assessed, case, waiver))
    by_kind = dict.fromkeys([kind.value for kind in FeeKind], 0)
    for line in lines:
        by_kind[line.kind.value] += line.amount
    return FeeStatement(
        total=assessed.total, **by_kind, lines=lines, waived=assessed.waived, waiver=granted, waivers=open_to
    )


def _wrong(rules: ProcedureRules, case: Case, day: date) -> Iterator[Problem]:
    """The mistakes in the given values."""
    allowed = CAPABILITIES[rules.level].filing
    if case.channel is not None and case.channel not in allowed:
        page = f"{rules.code}@{rules.version}"
        yield problem(CHANNEL, "channel_not_allowed_at_level", level=int(rules.level), page=page)
    for one in form_problems(rules, case.form):
        yield one.model_copy(update={"field": one.field.removeprefix("form.")})
    unknown = Unknown(rules, case, day)
    for field in rules.form:
        if field.code in case.form and unknown.fails(field.when):
            yield problem(field.code, "field_not_applicable")


def _waiver(fee: FeeRule | None, question: Question) -> WaiverRule | None:
    if question.waiver is None:
        return None
    waivers = {waiver.code: waiver for waiver in fee.waivers} if fee else {}
    if question.waiver not in waivers:
        names = ", ".join(sorted(waivers)) or "-"
        raise refused(RefusalCode.BAD_SUBMISSION, problem("waiver", "no_such_waiver", names=names))
    return waivers[question.waiver]


def _part(rules: ProcedureRules, code: str | None) -> WaiverPart | None:
    waivers = () if rules.fee is None else rules.fee.waivers
    return next((waiver for waiver in waivers if waiver.code == code), None)


def _not_for(waiver: WaiverPart, unsure: Unknown, case: Case, day: date) -> Problem | None:
    """Why a waiver can't be granted; None if it can, or if the answer depends on an unknown input."""
    known = not in_force(waiver, day) or not unsure.of(waiver.when)
    return not_for(waiver, case, day, day) if known else None


def _open(fee: FeeRule | None, unknown: Unknown, day: date) -> Iterator[StatedWaiver]:
    for waiver in fee.waivers if fee else ():
        if in_force(waiver, day) and not unknown.fails(waiver.when):
            yield _stated(waiver)


def _stated(waiver: WaiverRule) -> StatedWaiver:
    return StatedWaiver.model_validate(waiver.model_dump(include=set(StatedWaiver.model_fields)))


def _lines(procedure: Procedure, assessed: Assessment, case: Case, waiver: WaiverRule | None) -> Iterator[StatedLine]:
    items = {item.code: item for item in procedure.fee.items} if procedure.fee else {}
    labels = words.labels_of(procedure.form)
    for charge in assessed.charges:
        item = items[charge.line.code]
        reasons = [_bounded(_counted(item, charge, case, labels), charge)]
        if words.depends(item):
            reasons.append(words.charged(item, labels))
        if waiver is not None:
            amount = in_dong(charge.waived)
            reasons.append(said("fee.waived", amount=amount, percent=waiver.percent, name=waiver.name))
        yield StatedLine(
            kind=item.kind,
            amount=charge.amount,
            rule=item.code,
            name=item.name,
            reason=joined(reasons, "; "),
            source=item.source,
            waived=charge.waived,
        )


def _counted(item: FeeItem, charge: Charge, case: Case, labels: Mapping[str, Text]) -> Text:
    line, total = charge.line, in_dong(charge.line.amount * charge.line.quantity)
    if item.of is not None and item.basis_points is not None:
        value = int(case.form[item.of])
        exact = value * item.basis_points % 10_000 == 0
        shared = {"rate": rate(item.basis_points), "value": in_dong(value), "label": labels[item.of]}
        return said("fee.rate" if exact else "fee.rate_rounded", **shared, total=total)
    if item.per is not None:
        unit = in_dong(line.amount)
        return said("fee.counted", amount=unit, quantity=line.quantity, label=labels[item.per], total=total)
    return total


def _bounded(counted: Text, charge: Charge) -> Text:
    line = charge.line
    if line.bounded is None:
        return counted
    raised = line.bounded > line.amount * line.quantity
    return said("fee.at_least" if raised else "fee.at_most", counted=counted, amount=in_dong(line.bounded))
