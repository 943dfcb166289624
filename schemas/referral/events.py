"""The events of referrals."""

from typing import Annotated, Literal

from ..backoffice import Dossier
from ..base import AgencyCode, Code, Instant, Model, Personal
from ..files import FileRef
from ..filing.events import Claimed, Outcome, Reassigned, Released
from ..limit import Limit
from ..people import Actor
from ..publishing.calendar import CalendarName
from ..stream.part import Deadline


class ReferralRequested(Deadline):
    """The agency was requested to decide a part of the procedure."""

    kind: Literal["referral_requested"] = "referral_requested"
    n: int
    part: Code
    agency: AgencyCode
    lead: AgencyCode
    """code of the filing's own agency, which referred the part"""
    reminder: Limit
    remind_at: Instant
    dossier: Annotated[Dossier, Personal]
    filed_by: Annotated[Actor, Personal]


class ReferralReminded(Model):
    """The officers who decide the part were reminded that the part's deadline `due` is near."""

    kind: Literal["referral_reminded"] = "referral_reminded"
    due: Instant


class ReferralOverdue(Model):
    """The limit passed without an answer. The task is now in the queues of the team leads of both agencies."""

    kind: Literal["referral_overdue"] = "referral_overdue"
    due: Instant


class ReferralAnswered(Model):
    """The agency decided the part. `officer` answers for the decision.

    `automatic`: whether the agency's back office decided. `acting_for` is the absent officer for whom the `officer`
    acts, if any.
    """

    kind: Literal["referral_answered"] = "referral_answered"
    outcome: Outcome
    officer: str
    acting_for: str | None = None
    automatic: bool = False
    """whether the agency's back office decided the part"""
    result: FileRef | None = None
    reason: Annotated[str | None, Personal] = None
    legal_basis: Annotated[str | None, Personal] = None


class ReferralCancelled(Model):
    """The referral was cancelled: the filing has ended, so the decision is not needed any more."""

    kind: Literal["referral_cancelled"] = "referral_cancelled"


class ReferralCalendarChanged(Model):
    """Another calendar is in force. `due` is now the deadline of the part, and `remind_at` the time of the reminder."""

    kind: Literal["referral_calendar_changed"] = "referral_calendar_changed"
    calendar: CalendarName
    due: Instant
    remind_at: Instant


_Task = Claimed | Released | Reassigned
_Limit = ReferralReminded | ReferralOverdue
ReferralEvent = ReferralRequested | _Task | _Limit | ReferralAnswered | ReferralCancelled | ReferralCalendarChanged
