"""The register of filings (sổ theo dõi hồ sơ) of an agency, and its lines."""

from datetime import datetime

from ..base import AgencyCode, Instant, Model, Text
from ..level import Channel
from ..publishing.calendar import Timeliness
from .custody import Effort


class Period(Model):
    """A month `2026-11` or a year `2026` in Vietnam: from one instant up to, and without, another."""

    name: str
    since: Instant
    until: Instant

    def __contains__(self, at: datetime) -> bool:
        return self.since <= at < self.until


class RegisterEntry(Model):
    """A filing in the register.

    Attributes:
        n: Its number in the register, from 1.
        sets: The number of sets of papers, if the procedure has one.
        applicant: The applicant's name; None once erased.
        contact: The applicant's address and telephone, if known.
        desk: The agency whose desk received it, if another one.
        appointment: The promised time of its result.
        returned_at: The time at which the applicant received the result.
        outcome: Whether the processing limit was kept, once it is over.
        recipient: The person who received the result.
        status: The status when the register was made.
        effort: The applicant's effort so far; None once erased.
    """

    n: int
    code: str
    procedure: str
    procedure_name: Text
    sets: int | None = None
    applicant: str | None = None
    contact: str | None = None
    agency: AgencyCode
    desk: AgencyCode | None = None
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


class Register(Model):
    """The head of a register; `filings` is the number of its lines."""

    agency: AgencyCode
    agency_name: Text
    period: Period
    as_of: Instant
    filings: int
