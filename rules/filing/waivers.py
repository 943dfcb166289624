"""The waivers of a procedure that a filing may have."""

from datetime import date, datetime

from rules.filing.conditions import Dossier, hold, received_on
from rules.filing.fees.assessment import governing_day
from rules.time.in_force import in_force, validity_in_words
from schemas.errors import Problem, problem
from schemas.filing.state import Filing
from schemas.people import Role
from schemas.publishing.procedure_rules import FeePart, WaiverPart


def approvers(filing: Filing, now: datetime) -> list[Role]:
    """The roles that may waive the fee now."""
    fee = filing.procedure.fee
    if fee is None or filing.waiver is not None:
        return []
    return sorted({waiver.approver for waiver in fee.waivers if not_granted(filing, fee, waiver, now) is None})


def not_granted(filing: Filing, fee: FeePart, waiver: WaiverPart, now: datetime) -> Problem | None:
    """Why a waiver can't be granted to this filing, or None."""
    received = received_on(filing)
    if (why := not_for(waiver, filing, received, governing_day(fee, received, now))) is not None:
        return why
    if waiver.evidence is not None and waiver.evidence not in {paper.code for paper in filing.papers}:
        return problem("waiver", "waiver_without_evidence", paper=waiver.evidence)
    return None


def not_for(waiver: WaiverPart, dossier: Dossier, received: date, governing: date) -> Problem | None:
    """Why a waiver does not apply; None if it applies. Its evidence is not checked.

    `governing` is the day whose rules apply.
    """
    if not in_force(waiver, governing):
        return problem("waiver", "waiver_not_in_force", validity=validity_in_words(waiver))
    if not hold(waiver.when, dossier, received):
        return problem("waiver", "waiver_not_for_this_filing")
    return None
