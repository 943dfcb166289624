"""The hands that a filing goes through, and what was done in each: what the control slip shows (phiếu kiểm soát)."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from .base import AgencyCode, Code, Instant, Model
from .people import Role
from .publishing.calendar import Timeliness
from .publishing.procedure import Baseline


class Holder(StrEnum):
    """Who has a filing."""

    OFFICER = "officer"
    APPLICANT = "applicant"
    AUTHORITY = "authority"
    """Another authority, which says what the applicant owes it."""
    POST = "post"
    SYSTEM = "system"


class Deed(Model):
    """Something that was done: the event of this `kind`.

    Attributes:
        subject: The officer who did it, `acting_for` an absent one. An applicant is never named.
        accountable: The officer who answers for what the system did by itself.
    """

    seq: int
    at: Instant
    kind: str
    role: Role
    subject: str | None = None
    acting_for: str | None = None
    agency: AgencyCode | None = None
    accountable: str | None = None


class Hand(Model):
    """A stretch of time in which one had a filing; the last is open while the filing is.

    Attributes:
        role: Of the officers whose it was.
        subject: The officer who had it, `acting_for` an absent one; None while it lay in their queue.
        accountable: The officer who answers for what the system, the post or another authority did with it.
        step: The review step that it was at.
        part: The part of the procedure that another agency decided meanwhile; such hands lie beside others.
        working_minutes: Minutes of office hours in it.
        due: When it was to be out of this hand, where a limit says so.
        outcome: Whether that limit was kept, if it ended with this hand.
    """

    holder: Holder
    role: Role | None = None
    subject: str | None = None
    acting_for: str | None = None
    accountable: str | None = None
    agency: AgencyCode | None = None
    step: Code | None = None
    part: Code | None = None
    since: Instant
    until: Instant | None = None
    working_minutes: int
    due: Instant | None = None
    outcome: Timeliness | None = None
    done: tuple[Deed, ...] = ()


class Effort(Model):
    """What a filing has cost its applicant so far, against what it would have at level 1.

    Attributes:
        working_days: After the day on which it was handed in, up to the result, as limits count them.
        visits: Days on which the applicant had to come to a counter.
        baseline: What the procedure took at level 1; None where nobody has said so.
    """

    working_days: int
    visits: int
    baseline: Baseline | None = None


class ControlSlip(Model):
    """Through whose hands a filing went (phiếu kiểm soát quá trình giải quyết hồ sơ), as of an instant.

    `officers` are the names that the directory has for those who are in it.
    """

    filing_id: UUID
    code: str
    agency: AgencyCode
    procedure: str
    version: str
    as_of: Instant
    hands: tuple[Hand, ...]
    officers: dict[str, str]
    effort: Effort
