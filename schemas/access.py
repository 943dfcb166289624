"""Patterns among the looks at filings, for who audits them (`motcua access report`). They name officers alone."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from .base import AgencyCode, Instant, Model
from .people import Role


class BusyDay(Model):
    """On this day of Vietnam an officer looked at so many `filings`; on half of their days at `median` or fewer."""

    agency: AgencyCode
    officer: str
    day: date
    filings: int
    median: float


class OutOfHours(Model):
    """An officer's looks on this day of Vietnam, outside of the office hours of their agency."""

    agency: AgencyCode
    officer: str
    day: date
    looks: int


class NotTheirs(Model):
    """An officer's looks at a filing in which they have no task, nor could take one, and have never done anything."""

    agency: AgencyCode
    officer: str
    role: Role
    filing_id: UUID
    code: str | None = None
    looks: int
    last_at: Instant


class ByItself(Model):
    """The looks of a program that asked by itself, for nobody."""

    principal: str
    looks: int
    filings: int
    last_at: Instant


class AccessReport(Model):
    """What is out of the ordinary since an instant, each kind from the most down; no more than the first 500."""

    since: Instant
    as_of: Instant
    agency: AgencyCode | None = None
    looks: int
    busy_days: tuple[BusyDay, ...]
    out_of_hours: tuple[OutOfHours, ...]
    not_theirs: tuple[NotTheirs, ...]
    by_itself: tuple[ByItself, ...]
