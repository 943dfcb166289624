"""A consignment: the durable way of a result through the post."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from .base import Instant, Model, Numbered, Personal
from .filing.commands import SystemCommand
from .filing.events import ParcelOutcome
from .part import Deadline, PartStart, PartState
from .people import Address
from .publishing.calendar import CalendarName


class ParcelStart(PartStart):
    """What a parcel is started with. It should be there by `due`."""

    address: Address
    contents: str


class ParcelState(StrEnum):
    """Where a parcel stands."""

    REQUESTED = "requested"
    SENT = "sent"
    DELIVERED = "delivered"
    RETURNED = "returned"
    LOST = "lost"


class ConsignmentRequested(Deadline):
    """The post was asked to bring something. `number` is the number of the consignment."""

    kind: Literal["consignment_requested"] = "consignment_requested"
    number: Annotated[str | None, Numbered("parcel")] = None
    n: int
    contents: str = ""
    address: Annotated[Address, Personal]


class ConsignmentSent(Model):
    """The post took it."""

    kind: Literal["consignment_sent"] = "consignment_sent"
    waybill: str


class ConsignmentEnded(Model):
    """The post reports how it ended."""

    kind: Literal["consignment_ended"] = "consignment_ended"
    outcome: ParcelOutcome


class ConsignmentCalendarChanged(Model):
    """Another calendar is in force, on which the consignment is `due` then."""

    kind: Literal["consignment_calendar_changed"] = "consignment_calendar_changed"
    calendar: CalendarName
    due: Instant


ParcelEvent = ConsignmentRequested | ConsignmentSent | ConsignmentEnded | ConsignmentCalendarChanged


class Parcel(PartState):
    """The fold of a parcel's events: all that its workflow needs."""

    address: Address | None = None
    contents: str = ""
    waybill: str | None = None
    state: ParcelState = ParcelState.REQUESTED


class RequestConsignment(SystemCommand):
    """Ask the post."""

    kind: Literal["request_consignment"] = "request_consignment"
    start: ParcelStart


class RecordSent(SystemCommand):
    """The post took it."""

    kind: Literal["record_sent"] = "record_sent"
    waybill: str


class RecordEnd(SystemCommand):
    """The post reports how it ended."""

    kind: Literal["record_end"] = "record_end"
    outcome: ParcelOutcome


class ParcelView(Model):
    """What a parcel shows."""

    filing_id: UUID
    n: int
    number: str | None = None
    waybill: str | None = None
    due: Instant | None = None
    state: ParcelState
