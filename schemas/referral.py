"""A part of a procedure that another agency decides (liên thông): asked for by the filing, decided there."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from .backoffice import Dossier, PartDecision
from .base import AgencyCode, Code, Instant, Model, Personal, ShortText
from .files import FileRef
from .filing.commands import Claim, Command, Reassign, Release, SystemCommand
from .filing.events import Claimed, Outcome, Reassigned, Released
from .limit import Limit
from .part import Deadline, PartStart, PartState
from .people import Actor, Applicant
from .publishing.calendar import CalendarName


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


class ReferralRequested(Deadline):
    """The agency was asked to decide a part of the procedure."""

    kind: Literal["referral_requested"] = "referral_requested"
    n: int
    part: Code
    agency: AgencyCode
    lead: AgencyCode
    """code of the filing's own agency, which referred it"""
    reminder: Limit
    """how long before its end a limit reminds the officer"""
    remind_at: Instant
    """when the officer will be reminded; not there once that is settled"""
    dossier: Annotated[Dossier, Personal]
    filed_by: Annotated[Actor, Personal]


class ReferralReminded(Model):
    """The officers of the part were told that it soon is due."""

    kind: Literal["referral_reminded"] = "referral_reminded"
    due: Instant


class ReferralOverdue(Model):
    """The limit has passed without an answer: the team leads have it in their queues, here and at the lead."""

    kind: Literal["referral_overdue"] = "referral_overdue"
    due: Instant


class ReferralAnswered(Model):
    """The agency decided the part; `automatic` where its back office did, for the `officer` who answers for it.

    In the place of an absent officer it says `acting_for` whom.
    """

    kind: Literal["referral_answered"] = "referral_answered"
    outcome: Outcome
    officer: str
    acting_for: str | None = None
    automatic: bool = False
    """whether the agency's back office decided it"""
    result: FileRef | None = None
    reason: Annotated[str | None, Personal] = None
    legal_basis: Annotated[str | None, Personal] = None


class ReferralCancelled(Model):
    """The filing has ended: nobody waits for the part any more."""

    kind: Literal["referral_cancelled"] = "referral_cancelled"


class ReferralCalendarChanged(Model):
    """Another calendar is in force, on which the part is `due` then, and reminded of before."""

    kind: Literal["referral_calendar_changed"] = "referral_calendar_changed"
    calendar: CalendarName
    due: Instant
    remind_at: Instant
    """when the officer will be reminded; not there once that is settled"""


ReferralEvent = (
    ReferralRequested
    | Claimed
    | Released
    | Reassigned
    | ReferralReminded
    | ReferralOverdue
    | ReferralAnswered
    | ReferralCancelled
    | ReferralCalendarChanged
)


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


class AnswerPart(Command):
    """Decide the part (trả lời liên thông). A refusal needs its reason and the law that says so.

    `result` is the file of what was made of it, if anything was.
    """

    kind: Literal["answer_part"] = "answer_part"
    outcome: Outcome
    reason: ShortText | None = None
    legal_basis: ShortText | None = None
    result: FileRef | None = None


REFERRAL_COMMANDS: tuple[type[Command], ...] = (Claim, Release, Reassign, AnswerPart)
"""What the officers of the agency that decides may ask of a referral."""


class RequestDecision(SystemCommand):
    """Ask the agency to decide."""

    kind: Literal["request_decision"] = "request_decision"
    start: ReferralStart


class AnswerByMachine(SystemCommand):
    """The agency's back office decided."""

    kind: Literal["answer_by_machine"] = "answer_by_machine"
    decision: PartDecision


class LookAtDeadline(SystemCommand):
    """A timer rang. What that means is judged by instants."""

    kind: Literal["look_at_deadline"] = "look_at_deadline"


class CancelReferral(SystemCommand):
    """Nobody waits for the part any more."""

    kind: Literal["cancel_referral"] = "cancel_referral"


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
