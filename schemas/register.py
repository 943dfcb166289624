"""The register of filings (sổ theo dõi hồ sơ) of an agency: what stands on each of its lines."""

from __future__ import annotations

from datetime import datetime

from .base import AgencyCode, Instant, Model, Text
from .hands import Effort
from .level import Channel
from .publishing.calendar import Timeliness


class Period(Model):
    """A month `2026-11` or a year `2026` in Vietnam: from one instant up to, without it, another."""

    name: str
    since: Instant
    until: Instant

    def __contains__(self, at: datetime) -> bool:
        return self.since <= at < self.until


class RegisterEntry(Model):
    """A filing in the register.

    Attributes:
        n: Its number in the register, from 1.
        sets: Of papers, where the procedure says how many.
        applicant: In whose name it is; None once that was erased.
        contact: Where they can be reached: address and telephone, as far as they have said.
        desk: The agency at whose desk it was handed in, where that is another.
        appointment: When its result was promised.
        returned_at: When the result was in the applicant's hands.
        outcome: Whether the limit of the processing was kept, once it is over.
        recipient: Who took the result.
        status: Where it stood when the register was made.
        effort: What it has cost its applicant by then; None once they were erased.
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
    """What stands above the lines of a register; `filings` is how many there are."""

    agency: AgencyCode
    agency_name: Text
    period: Period
    as_of: Instant
    filings: int
