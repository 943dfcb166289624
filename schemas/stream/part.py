"""The common fields of a filing's numbered streams, and of their start inputs."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from ..base import AgencyCode, Instant, Model, unset
from ..limit import Limit
from ..publishing.calendar import CalendarName

__all__ = ["on_demand"]


class Deadline(Model):
    """A running time limit. It ends at `due`, which is `limit` after `since`, computed on the `calendar`."""

    limit: Limit
    since: Instant
    """start of the time limit"""
    calendar: CalendarName
    due: Instant


class PartStart(Deadline):
    """The start input of a filing's `n`-th payment, parcel or referral."""

    filing_id: UUID
    n: int
    agency: AgencyCode


class OnDemandStart(Model):
    """The start input of the `n`-th stream of a kind whose `workflow` runs only while it has work.

    A command to such a stream starts the workflow, unless it is running.
    """

    stream: ClassVar[str]
    workflow: ClassVar[str]
    filing_id: UUID
    n: int


def on_demand(stream: str) -> str | None:
    """Returns the workflow that a command to a stream of this kind may have to start.

    None for a kind whose workflow always runs.
    """
    kinds = OnDemandStart.__subclasses__()
    return next((start.workflow for start in kinds if start.stream == stream), None)


class StreamState(Model):
    """The common fields of the folds of complaints, refunds and results."""

    snapshot_version: int = 1
    filing_id: UUID
    n: int
    agency: AgencyCode
    seq: int = 0
    erased_at: Instant | None = Field(default=None, exclude_if=unset)


class PartState(Model):
    """The common fields of the folds of payments, parcels and referrals.

    `number` is the number that the stream's first event took from a counter.
    """

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
