"""The state of referrals, and all that is said of them but events and commands."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from ..backoffice import Dossier, PartDecision
from ..base import AgencyCode, Code, Instant, Model
from ..limit import Limit
from ..part import PartStart, PartState
from ..people import Actor, Applicant


class ReferralStart(PartStart):
    """What a referral is started with: the dossier as it is referred, and who filed it.

    `agency` decides the part by `due`, of which its officers are reminded at `remind_at`; `lead` is the filing's own.
    """

    part: Code
    lead: AgencyCode
    dossier: Dossier
    filed_by: Actor
    reminder: Limit
    remind_at: Instant


class ReferralState(StrEnum):
    """Where a referral stands."""

    OPEN = "open"
    ANSWERED = "answered"
    CANCELLED = "cancelled"


class Referral(PartState):
    """The fold of a referral's events. `officer` has claimed it, in the place of whom they are `acting_for`, if so."""

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
        """Whose task it is: of who has claimed it, or of the absent officer in whose place they have it."""
        return self.acting_for or self.officer

    @property
    def applicant(self) -> Applicant | None:
        """Whose filing it is."""
        return None if self.dossier is None else self.dossier.applicant


class ReferralView(Model):
    """What a referral shows: who decides what by when, and how it was decided. `seq` is of its last event."""

    filing_id: UUID
    n: int
    seq: int = 0
    part: Code
    lead: AgencyCode
    """code of the filing's own agency, which referred it"""
    agency: AgencyCode
    """code of the agency that decides it"""
    state: ReferralState
    due: Instant
    overdue: bool
    officer: str | None = None
    decision: PartDecision | None = None
    """what was decided, by whom and why; not there before that"""
