"""What a fee depends on, and what of that is not known yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Final, NamedTuple

from rules.filing.conditions import hold
from rules.time.in_force import in_force
from schemas.form import FormValue
from schemas.level import Channel
from schemas.people import PersonKind
from schemas.publishing.fact import Condition, When
from schemas.publishing.procedure_rules import FieldPart, ProcedureRules, WaiverPart

CHANNEL: Final = "channel"
APPLICANT: Final = "applicant.kind"
"""The inputs that are no field of the form; no field's code has a dot."""


class Of(NamedTuple):
    """An applicant of whom nothing else is known."""

    kind: PersonKind


class Case(NamedTuple):
    """What is known of a filing that has not been made: a `rules.filing.conditions.Dossier`."""

    form: Mapping[str, FormValue]
    channel: Channel | None = None
    applicant: Of | None = None


def inputs(rules: ProcedureRules) -> tuple[str, ...]:
    """What the fee or a waiver depends on: the channel, the applicant's kind, then fields in the order of the form."""
    found: set[str] = set()
    items, waivers = (rules.fee.items, rules.fee.waivers) if rules.fee else ((), ())
    for item in items:
        found |= {*_about(item.when), *(code for code in (item.per, item.of) if code)}
    for waiver in waivers:
        found.update(_about(waiver.when))
    for field in reversed(rules.form):
        if field.code in found:
            found.update(_about(field.when))
    return tuple(name for name in _in_order(rules) if name in found)


def missing(
    rules: ProcedureRules, case: Case, received: date, governing: date, waiver: WaiverPart | None = None
) -> tuple[str, ...]:
    """The inputs without which it can't be said what is charged, and whether the `waiver` may be granted.

    `governing` is the day whose items count. An optional field that is not there was left empty, unless the waiver
    depends on it.
    """
    unknown = Unknown(rules, case, received)
    found = Unknown(rules, case, received, optional=True).of(waiver.when) if waiver is not None else set()
    for item in rules.fee.items if rules.fee else ():
        if in_force(item, governing) and not unknown.fails(item.when):
            found |= unknown.of(item.when).union(*(unknown.in_field(code) for code in (item.per, item.of) if code))
    return tuple(name for name in _in_order(rules) if name in found)


class Unknown:
    """Conditions of which not all may be known yet; `optional` fields that are not there, only if it says so."""

    def __init__(self, rules: ProcedureRules, case: Case, received: date, *, optional: bool = False) -> None:
        self._fields: Final = {field.code: field for field in rules.form}
        self._case: Final = case
        self._received: Final = received
        self._optional: Final = optional

    def fails(self, when: When) -> bool:
        """Whether one of the conditions does not hold, whatever else may become known."""
        return any(not self._about(one) and not hold((one,), self._case, self._received) for one in when)

    def of(self, when: When) -> set[str]:
        """The inputs that have to be known first; none if the conditions fail anyhow."""
        return set() if self.fails(when) else set().union(*map(self._about, when))

    def in_field(self, code: str) -> set[str]:
        """What has to be known for the value of a field: itself, or what it depends on whether it is asked for."""
        field: FieldPart = self._fields[code]
        left_empty = not field.required and not self._optional
        if code in self._case.form or left_empty or self.fails(field.when):
            return set()
        return self.of(field.when) or {code}

    def _about(self, condition: Condition) -> set[str]:
        if condition.field is not None:
            return self.in_field(condition.field)
        if condition.channel is not None:
            return {CHANNEL} if self._case.channel is None else set()
        return {APPLICANT} if self._case.applicant is None else set()


def _about(when: When) -> Iterator[str]:
    for condition in when:
        yield condition.field or (CHANNEL if condition.channel is not None else APPLICANT)


def _in_order(rules: ProcedureRules) -> Iterable[str]:
    return (CHANNEL, APPLICANT, *(field.code for field in rules.form))
