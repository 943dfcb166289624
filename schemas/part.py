"""What payments and parcels have in common: each is a part of a filing, numbered, with a time limit of its own."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from .base import AgencyCode, Instant, Model, unset
from .limit import Limit
from .publishing.calendar import CalendarName


class Deadline(Model):
    """A time limit that runs: it ends at `due`, which is `limit` after `since` on that `calendar`."""

    limit: Limit
    since: Instant
    """when it began"""
    calendar: CalendarName
    due: Instant


class PartStart(Deadline):
    """What the n-th part of a filing is started with."""

    filing_id: UUID
    n: int
    agency: AgencyCode


class PartState(Model):
    """The fold of a part's events. `number` is the one that its first event took from a counter."""

    snapshot_version: int = 1
    filing_id: UUID
    n: int
    agency: AgencyCode
    seq: int = 0
    number: str | None = None
    limit: Limit | None = None
    since: Instant | None = None
    calendar: CalendarName | None = None
    due: Instant | None = None
    requested_at: Instant | None = None
    erased_at: Instant | None = Field(default=None, exclude_if=unset)
