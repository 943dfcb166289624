"""Patterns in the looks at filings, for auditors (`motcua access report`). They name only officers."""

from datetime import date
from uuid import UUID

from ..base import AgencyCode, Instant, Model
from ..people import Role


class BusyDay(Model):
    """An officer's `filings` looked at on this day in Vietnam; on half of their days the number is `median` or less."""

    agency: AgencyCode
    officer: str
    day: date
    filings: int
    median: float


class OutOfHours(Model):
    """An officer's looks on this day in Vietnam, outside of the office hours of their agency."""

    agency: AgencyCode
    officer: str
    day: date
    looks: int


class NotTheirs(Model):
    """An officer's looks at a filing in which they have no task, could take none, and have never acted."""

    agency: AgencyCode
    officer: str
    role: Role
    filing_id: UUID
    code: str | None = None
    looks: int
    last_at: Instant


class ByItself(Model):
    """The looks of a program in its own name, for no person."""

    principal: str
    looks: int
    filings: int
    last_at: Instant


class AccessReport(Model):
    """The unusual looks since an instant, each kind in descending order; at most the first 500."""

    since: Instant
    as_of: Instant
    agency: AgencyCode | None = None
    looks: int
    busy_days: tuple[BusyDay, ...]
    out_of_hours: tuple[OutOfHours, ...]
    not_theirs: tuple[NotTheirs, ...]
    by_itself: tuple[ByItself, ...]
