"""The events of parcels."""

from __future__ import annotations

from typing import Annotated, Literal

from ..base import Dong, Instant, Model, Numbered, Personal
from ..filing.events import ParcelOutcome
from ..limit import Limit
from ..people import Address
from ..publishing.calendar import CalendarName
from ..stream.part import Deadline


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
    """how many seconds late news of the post is still awaited"""
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
    """the how many-th invitation it is"""
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
