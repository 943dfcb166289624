"""A consignment: the durable way of a result through the post."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field

from .base import Dong, Instant, Line, Model, Numbered, Personal
from .filing.commands import Command, SystemCommand
from .filing.events import ParcelOutcome
from .limit import Limit
from .part import Deadline, PartStart, PartState
from .people import Address
from .publishing.calendar import CalendarName

WATCH_SECONDS: Final = 180 * 24 * 3600
"""How long a late truth is awaited: as long as one may complain to the post (TT 17/2017 Đ8)."""


class ParcelStart(PartStart):
    """What a parcel is started with. It should be there by `due`; `cod` is what the postman collects, in đồng.

    `fee` of them are the agency's fee. Where it did not arrive, a late truth is awaited for `watch_seconds`.
    """

    address: Address
    contents: str
    cod: Dong = 0
    fee: Dong | None = None
    watch_seconds: int = WATCH_SECONDS


class ParcelState(StrEnum):
    """Where a parcel stands."""

    REQUESTED = "requested"
    SENT = "sent"
    DELIVERED = "delivered"
    RETURNED = "returned"
    LOST = "lost"
    DAMAGED = "damaged"
    CANCELLED = "cancelled"


UNDER_WAY: Final = frozenset({ParcelState.REQUESTED, ParcelState.SENT})
"""Not at an end."""


class Meaning(StrEnum):
    """What a carrier's word means; `other` is one that we do not know."""

    ACCEPTED = "accepted"
    IN_TRANSIT = "in_transit"
    INVITED = "invited"
    DELIVERED = "delivered"
    RETURNED = "returned"
    LOST = "lost"
    DAMAGED = "damaged"
    CANCELLED = "cancelled"
    OTHER = "other"


class Step(Model):
    """One line of what a carrier tells of a consignment: its own code and text, what that means, and when it was.

    `collected` is what it says that it was given on delivery, in đồng, if it says so.
    """

    meaning: Meaning
    said: str
    message: str | None = None
    at: Instant
    collected: Dong | None = None


class Heard(Model):
    """Something that the post has told and that is recorded."""

    said: str
    at: Instant


class ConsignmentRequested(Deadline):
    """The post was asked to bring something. `number` is the number of the consignment."""

    kind: Literal["consignment_requested"] = "consignment_requested"
    number: Annotated[str | None, Numbered("parcel")] = None
    n: int
    limit: Limit
    """how long the post has"""
    contents: str = ""
    """what is in the consignment"""
    cod: Dong = 0
    """what the postman collects on delivery, in đồng"""
    fee: Dong | None = None
    """what of it is the fee, in đồng; not there where the fee is not collected so"""
    watch_seconds: int = 0
    """how many seconds late money is still awaited"""
    address: Annotated[Address, Personal]


class ConsignmentSent(Model):
    """The post took it."""

    kind: Literal["consignment_sent"] = "consignment_sent"
    waybill: str
    """the post's number of the consignment; not there before the post has it"""


class ConsignmentInvited(Model):
    """Nobody was met, and the recipient was invited the `n`-th time; the next attempt is due by `again_by`."""

    kind: Literal["consignment_invited"] = "consignment_invited"
    n: int
    said: str
    """the post's own word for it"""
    happened_at: Instant
    """when it happened, as the post says"""
    again_by: Instant
    """when the post is to try again at the latest"""


class ConsignmentReported(Model):
    """The post said something that we do not know; it is kept as it was said."""

    kind: Literal["consignment_reported"] = "consignment_reported"
    said: str
    """the post's own word for it"""
    message: Annotated[str | None, Personal] = None
    happened_at: Instant
    """when it happened, as the post says"""


class ConsignmentRecalled(Model):
    """The filing would have it back before it leaves."""

    kind: Literal["consignment_recalled"] = "consignment_recalled"


class ConsignmentLeft(Model):
    """It had left already when it was to be had back."""

    kind: Literal["consignment_left"] = "consignment_left"


class ConsignmentEnded(Model):
    """The post reports how it ended, when and in which word; `late` if it said otherwise before.

    `collected` is what the receiver has paid, in đồng, where something was to be collected; `fee` of it is the fee.
    """

    kind: Literal["consignment_ended"] = "consignment_ended"
    outcome: ParcelOutcome
    """how the consignment ended"""
    said: str | None = None
    """the post's own word for it"""
    happened_at: Instant | None = None
    """when it happened, as the post says"""
    late: bool = False
    """whether the post had said otherwise before"""
    collected: Dong | None = None
    """what the receiver has paid to the post, in đồng; not there where nothing was to be collected"""
    fee: Dong | None = None
    """what of it is the fee, in đồng; not there where the fee was not collected"""


class ConsignmentCalendarChanged(Model):
    """Another calendar is in force, on which the consignment is `due` then."""

    kind: Literal["consignment_calendar_changed"] = "consignment_calendar_changed"
    calendar: CalendarName
    due: Instant


class CompensationClaimed(Model):
    """The post was asked to pay for what it lost or damaged; `reference` is that of the claim."""

    kind: Literal["compensation_claimed"] = "compensation_claimed"
    officer: str
    reference: str
    """number of the claim for compensation from the post"""


ParcelEvent = (
    ConsignmentRequested
    | ConsignmentSent
    | ConsignmentInvited
    | ConsignmentReported
    | ConsignmentRecalled
    | ConsignmentLeft
    | ConsignmentEnded
    | CompensationClaimed
    | ConsignmentCalendarChanged
)


class Parcel(PartState):
    """The fold of a parcel's events: all that its workflow needs.

    It is `spoilt` once the post has lost or damaged it, and `claim` the reference of what it was asked to pay for that.
    `heard` is what the post has told and is recorded, `invitations` how often the recipient was invited. It is
    `recalled` while the filing would have it back, and `left` if that came too late.
    """

    address: Address | None = None
    contents: str = ""
    cod: Dong = 0
    fee: Dong | None = None
    collected: Dong | None = None
    watch_seconds: int = 0
    waybill: str | None = None
    state: ParcelState = ParcelState.REQUESTED
    invitations: int = 0
    heard: tuple[Heard, ...] = ()
    recalled: bool = False
    left: bool = False
    spoilt: bool = False
    claim: str | None = None
    ended_at: Instant | None = None

    @property
    def under_way(self) -> bool:
        """Whether it has not come to an end."""
        return self.state in UNDER_WAY

    @property
    def watched_until(self) -> datetime | None:
        """Until when a late truth is awaited: of what the post has had, and has not delivered."""
        if self.ended_at is None or self.waybill is None or self.state is ParcelState.DELIVERED:
            return None
        return self.ended_at + timedelta(seconds=self.watch_seconds)


class ClaimCompensation(Command):
    """Ask the post to pay for what it lost or damaged (yêu cầu bồi thường); `reference` is that of the claim."""

    kind: Literal["claim_compensation"] = "claim_compensation"
    reference: Line
    """number of the claim for compensation from the post"""


PARCEL_COMMANDS: tuple[type[Command], ...] = (ClaimCompensation,)
"""What an officer may ask of a parcel."""


class RequestConsignment(SystemCommand):
    """Ask the post."""

    kind: Literal["request_consignment"] = "request_consignment"
    start: ParcelStart


class RecordSent(SystemCommand):
    """The post took it."""

    kind: Literal["record_sent"] = "record_sent"
    waybill: str


class RecordSteps(SystemCommand):
    """The post tells more. `again_by` is when it is to try again, if it has invited somebody."""

    kind: Literal["record_steps"] = "record_steps"
    steps: tuple[Step, ...]
    again_by: Instant | None = None


class RecordEnd(SystemCommand):
    """It ended without the post saying so: it was not taken, or had back."""

    kind: Literal["record_end"] = "record_end"
    outcome: ParcelOutcome
    said: str | None = None


class RecallConsignment(SystemCommand):
    """The filing would have it back before it leaves."""

    kind: Literal["recall_consignment"] = "recall_consignment"


class RecordLeft(SystemCommand):
    """It had left already."""

    kind: Literal["record_left"] = "record_left"


class ParcelView(Model):
    """What a parcel shows: also how often the recipient was invited, and what is collected from them, in đồng.

    `seq` is of its last event.
    """

    filing_id: UUID
    n: int
    seq: int = 0
    number: str | None = None
    """number of the parcel"""
    waybill: str | None = None
    """the post's number of the consignment; not there before the post has it"""
    due: Instant | None = None
    state: ParcelState
    invitations: int = 0
    """how often the recipient was invited, because nobody was met"""
    cod: Dong = Field(default=0, ge=0)
    """what the postman collects on delivery, in đồng"""
    collected: Dong | None = None
    """what the receiver has paid to the post, in đồng; not there where nothing was to be collected"""
    recalled: bool = False
    """whether it is to be had back before it leaves"""
    claim: str | None = None
    """reference of the claim for compensation from the post; not there while there is none"""
