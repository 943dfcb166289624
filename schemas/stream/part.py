"""The common fields of streams that are numbered parts of a filing, and their start inputs."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from ..base import AgencyCode, Instant, Model, unset
from ..limit import Limit
from ..publishing.calendar import CalendarName

__all__ = ["on_demand"]


class Deadline(Model):
    """A running time limit: it ends at `due`, the time `limit` after `since` on the `calendar`."""

    limit: Limit
    since: Instant
    """start of the time limit"""
    calendar: CalendarName
    due: Instant


class PartStart(Deadline):
    """The start input of the n-th part of a filing."""

    filing_id: UUID
    n: int
    agency: AgencyCode


class OnDemandStart(Model):
    """The start input of the `n`-th stream of a kind whose `workflow` runs only while it has work.

    A command to such a stream starts the workflow if it is not running.
    """

    stream: ClassVar[str]
    workflow: ClassVar[str]
    filing_id: UUID
    n: int


def on_demand(stream: str) -> str | None:
    """The workflow that a command to this kind of stream has to start; None for a kind whose workflow always runs."""
    kinds = OnDemandStart.__subclasses__()
    return next((start.workflow for start in kinds if start.stream == stream), None)


class StreamState(Model):
    """The common fields of the folds of a filing's numbered streams that are no parts of it."""

    snapshot_version: int = 1
    filing_id: UUID
    n: int
    agency: AgencyCode
    seq: int = 0
    erased_at: Instant | None = Field(default=None, exclude_if=unset)


class PartState(Model):
    """The fold of a part's events. `number` is the number that the part's first event took from a counter."""

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
