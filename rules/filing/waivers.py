"""Which waivers of a procedure may be granted to a filing."""

from __future__ import annotations

from datetime import datetime

from rules.filing.conditions import hold, received_on
from rules.filing.fees import governing_day
from rules.time.in_force import in_force, validity_in_words
from schemas.errors import Problem, problem
from schemas.filing.state import Filing
from schemas.people import Role
from schemas.publishing.procedure_rules import FeePart, WaiverPart


def approvers(filing: Filing, now: datetime) -> list[Role]:
    """The roles that may now let the applicant off the fee."""
    fee = filing.procedure.fee
    if fee is None or filing.waiver is not None:
        return []
    return sorted({waiver.approver for waiver in fee.waivers if not_granted(filing, fee, waiver, now) is None})


def not_granted(filing: Filing, fee: FeePart, waiver: WaiverPart, now: datetime) -> Problem | None:
    """Why a waiver can't be granted to this filing, if it can't."""
    received = received_on(filing)
    if not in_force(waiver, governing_day(fee, received, now)):
        return problem("waiver", "waiver_not_in_force", validity=validity_in_words(waiver))
    if not hold(waiver.when, filing, received):
        return problem("waiver", "waiver_not_for_this_filing")
    if waiver.evidence is not None and waiver.evidence not in {paper.code for paper in filing.papers}:
        return problem("waiver", "waiver_without_evidence", paper=waiver.evidence)
    return None
