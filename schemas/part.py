"""What kinds of streams have in common that are parts of a filing, each with its number: what they are started with."""

from __future__ import annotations

from typing import ClassVar
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


class OnDemandStart(Model):
    """What the `n`-th stream of this kind is started with, by the first command that finds no workflow running for it.

    The `workflow` runs only while there is something to do.
    """

    stream: ClassVar[str]
    workflow: ClassVar[str]
    filing_id: UUID
    n: int


def on_demand(stream: str) -> str | None:
    """The workflow that a command starts for a stream of this kind; None for a kind whose workflow always runs."""
    kinds = OnDemandStart.__subclasses__()
    return next((start.workflow for start in kinds if start.stream == stream), None)


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
