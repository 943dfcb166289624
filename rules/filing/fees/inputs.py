"""The inputs of a fee, and the inputs among them that are not known yet."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from rules.filing.conditions import Case, hold
from rules.time.in_force import in_force
from schemas.publishing.fact import Condition, When
from schemas.publishing.procedure_rules import FieldPart, ProcedureRules, WaiverPart

CHANNEL: Final = "channel"
APPLICANT: Final = "applicant.kind"
"""The input for the kind of applicant. Its name has a dot, which the code of a form's field never has."""


def inputs(rules: ProcedureRules) -> tuple[str, ...]:
    """The inputs of the fee and its waivers: the channel, the applicant's kind, then fields in the form's order."""
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
    """The inputs still missing to assess the fee as of the `governing` day, and to decide about the `waiver`.

    An absent optional field counts as empty, unless the waiver depends on it.
    """
    unknown = Unknown(rules, case, received)
    found = Unknown(rules, case, received, optional=True).of(waiver.when) if waiver is not None else set()
    for item in rules.fee.items if rules.fee else ():
        if in_force(item, governing) and not unknown.fails(item.when):
            found |= unknown.of(item.when).union(*(unknown.in_field(code) for code in (item.per, item.of) if code))
    return tuple(name for name in _in_order(rules) if name in found)


class Unknown:
    """Finds unknown inputs on which conditions depend. If `optional` is set, absent optional fields are unknown too."""

    def __init__(self, rules: ProcedureRules, case: Case, received: date, *, optional: bool = False) -> None:
        self._fields: Final = {field.code: field for field in rules.form}
        self._case: Final = case
        self._received: Final = received
        self._optional: Final = optional

    def fails(self, when: When) -> bool:
        """Whether at least one of the conditions is known to fail, for every value of the unknown inputs."""
        return any(not self._about(one) and not hold((one,), self._case, self._received) for one in when)

    def of(self, when: When) -> set[str]:
        """The unknown inputs of these conditions; none if the conditions are known to fail."""
        return set() if self.fails(when) else set().union(*map(self._about, when))

    def in_field(self, code: str) -> set[str]:
        """The unknown inputs that decide a field's value: those of its conditions, or else the field itself."""
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
