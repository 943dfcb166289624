"""The differences for a filing, if it were filed again under another version of its procedure."""

from datetime import datetime

from rules.filing.clocks import processing_limit
from rules.filing.conditions import received_on
from rules.filing.fees.assessment import assess
from rules.filing.submission.admission import dossier_problems
from rules.time.working_time import local_day
from schemas.base import Model
from schemas.errors import Problem
from schemas.filing.state import Filing
from schemas.limit import Limit
from schemas.publishing.procedure_rules import ProcedureRules


class Anew(Model):
    """The values under the filing's version, and under another version for the same dossier.

    A fee is in đồng, before any waiver. `problems` are the missing or wrong parts, without those that are problems
    under the filing's own version, too.
    """

    fee: int
    fee_then: int
    processing: Limit
    processing_then: Limit
    problems: tuple[Problem, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether the other version changes the fee or the processing limit, or has problems."""
        return (self.fee, self.processing) != (self.fee_then, self.processing_then) or bool(self.problems)


def anew(filing: Filing, rules: ProcedureRules, now: datetime) -> Anew:
    """Compares the filing under its own rules with the same filing under these rules, received `now`."""
    own, received, today = filing.procedure, received_on(filing), local_day(now)
    known = {(found.field, found.rule) for found in dossier_problems(own, filing, received)}
    found = dossier_problems(rules, filing, today)
    return Anew(
        fee=assess(own.fee, filing, received, now).total,
        fee_then=assess(rules.fee, filing, today, now).total,
        processing=processing_limit(own, filing, received),
        processing_then=processing_limit(rules, filing, today),
        problems=tuple(one for one in found if (one.field, one.rule) not in known),
    )
