"""The register of filings (sổ theo dõi hồ sơ) of an agency, and the control slip (phiếu kiểm soát) of a filing."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from ..base import AgencyCode, Code, Instant, Model, Text
from ..level import Channel
from ..people import Role
from ..publishing.calendar import Timeliness
from ..publishing.procedure import Baseline


class Holder(StrEnum):
    """The kind of holder of a filing."""

    OFFICER = "officer"
    APPLICANT = "applicant"
    AUTHORITY = "authority"
    """Another authority, which states the applicant's obligation to it."""
    POST = "post"
    SYSTEM = "system"


class Deed(Model):
    """One act in a filing, by the kind of its event.

    Attributes:
        subject: The officer who acted; never set for an applicant.
        acting_for: The absent officer for whom the officer acted, if any.
        accountable: The officer who answers for an act of the system.
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
    """A period in which one holder had a filing. The last period has no end while the filing is open.

    Attributes:
        role: The role of the officers who could take the filing.
        subject: The officer who had the filing; None while it was in the queue of the role.
        acting_for: The absent officer for whom the officer acted, if any.
        accountable: The officer who answers for a period in which the system, the post or another authority had the
            filing.
        step: The review step in this period.
        part: The part of the procedure that another agency, the holder, decided. Such periods run in parallel.
        working_minutes: The minutes of office hours in this period.
        due: The end of the limit for this holder; None if there is no limit.
        outcome: Whether the limit was kept; None if the limit did not end with this period.
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
    """The applicant's effort in a filing so far, compared with level 1.

    Attributes:
        working_days: Working days after the day of the submission and up to the result, as limits count them.
        visits: The number of days on which the applicant had to come to a counter.
        baseline: The effort of the procedure at level 1; None if unknown.
    """

    working_days: int
    visits: int
    baseline: Baseline | None = None


class ControlSlip(Model):
    """The holders of a filing one after another (phiếu kiểm soát quá trình giải quyết hồ sơ), as of an instant.

    `officers` are the names of the officers in the slip, by their identity in the directory.
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


class Period(Model):
    """A month (`2026-11`) or a year (`2026`) in Vietnam, which begins at `since` and ends before `until`."""

    name: str
    since: Instant
    until: Instant

    def __contains__(self, at: datetime) -> bool:
        return self.since <= at < self.until


class Passing(Model):
    """One passing on of a filing: from the agency `origin`, at the instant `at`, to the agency `to`."""

    origin: AgencyCode
    to: AgencyCode
    at: Instant


class RegisterEntry(Model):
    """A filing in the register.

    Attributes:
        n: The filing's number in the register, from 1.
        sets: The number of sets of papers; None if the procedure states none.
        applicant: The applicant's name; None if it was erased.
        contact: The applicant's address and telephone number; None if unknown.
        agency: The agency that has the filing now.
        passed: The passings on from agency to agency, in order.
        desk: The agency whose desk received the filing; None if it is the deciding agency.
        agencies: The names of these agencies, by code, as far as the directory has them.
        appointment: The promised time of the result.
        returned_at: The time at which the applicant received the result.
        outcome: Whether the processing limit was kept; None before the limit has ended.
        recipient: The person who received the result.
        status: The filing's status when the register was made.
        effort: The applicant's effort so far; None if the filing was erased.
    """

    n: int
    code: str
    procedure: str
    procedure_name: Text
    sets: int | None = None
    applicant: str | None = None
    contact: str | None = None
    agency: AgencyCode
    passed: tuple[Passing, ...] = ()
    desk: AgencyCode | None = None
    agencies: dict[AgencyCode, Text] = Field(default_factory=dict)
    channel: Channel
    received_at: Instant
    appointment: Instant | None = None
    returned_at: Instant | None = None
    outcome: Timeliness | None = None
    result_channel: Channel
    recipient: str | None = None
    status: int
    status_name: Text
    effort: Effort | None = None

    @property
    def codes(self) -> frozenset[AgencyCode]:
        """The codes of the agencies in the entry."""
        passed = (code for one in self.passed for code in (one.origin, one.to))
        return frozenset({self.agency, *passed, *([] if self.desk is None else [self.desk])})


class Register(Model):
    """The head of a register: its agency, its period, and the number of `filings` in it."""

    agency: AgencyCode
    agency_name: Text
    period: Period
    as_of: Instant
    filings: int
