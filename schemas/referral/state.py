"""The state of referrals, and their messages that are neither events nor commands."""

from enum import StrEnum
from uuid import UUID

from ..backoffice import Dossier, PartDecision
from ..base import AgencyCode, Code, Instant, Model
from ..limit import Limit
from ..people import Actor, Applicant
from ..stream.part import PartStart, PartState

__all__ = ["ReferralState", "ReferralView"]


class ReferralStart(PartStart):
    """The start input of a referral: the dossier, and the person who filed it.

    `agency` has to decide the part by `due`; its officers are reminded at `remind_at`. `lead` is the filing's own
    agency.
    """

    part: Code
    lead: AgencyCode
    dossier: Dossier
    filed_by: Actor
    reminder: Limit
    remind_at: Instant


class ReferralState(StrEnum):
    """The state of a referral."""

    OPEN = "open"
    ANSWERED = "answered"
    CANCELLED = "cancelled"


class Referral(PartState):
    """The fold of a referral's events.

    `officer` has claimed the referral; `acting_for` is the absent officer for whom that officer acts, if any.
    """

    part: Code | None = None
    lead: AgencyCode | None = None
    dossier: Dossier | None = None
    filed_by: Actor | None = None
    reminder: Limit | None = None
    remind_at: Instant | None = None
    reminded: bool = False
    overdue: bool = False
    officer: str | None = None
    acting_for: str | None = None
    state: ReferralState = ReferralState.OPEN
    decision: PartDecision | None = None

    @property
    def whose_task(self) -> str | None:
        """The officer who has claimed the task, or the absent officer for whom that officer acts."""
        return self.acting_for or self.officer

    @property
    def applicant(self) -> Applicant | None:
        """The applicant of the filing."""
        return None if self.dossier is None else self.dossier.applicant


class ReferralView(Model):
    """A referral as its readers see it: deciding agency, deadline, decision. `seq` is the number of its last event."""

    filing_id: UUID
    n: int
    seq: int = 0
    part: Code
    lead: AgencyCode
    """code of the filing's own agency, which referred the part"""
    agency: AgencyCode
    """code of the agency that decides the part"""
    state: ReferralState
    due: Instant
    overdue: bool
    officer: str | None = None
    decision: PartDecision | None = None
    """the decision, its officer and its reason; not set before"""
