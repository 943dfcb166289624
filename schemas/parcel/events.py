"""The events of parcels."""

from typing import Annotated, Literal

from ..base import Dong, Instant, Model, Numbered, Personal
from ..filing.events import ParcelOutcome
from ..limit import Limit
from ..people import Address
from ..publishing.calendar import CalendarName
from ..stream.part import Deadline


class ConsignmentRequested(Deadline):
    """A consignment was requested from the post. `number` is the number of the consignment."""

    kind: Literal["consignment_requested"] = "consignment_requested"
    number: Annotated[str | None, Numbered("parcel")] = None
    n: int
    limit: Limit
    """time limit of the post"""
    contents: str = ""
    """contents of the consignment"""
    cod: Dong = 0
    """amount that the postman collects on delivery, in đồng"""
    fee: Dong | None = None
    """part of the collected amount that is the agency's fee, in đồng; not set if the fee is not collected on delivery
    """
    watch_seconds: int = 0
    """time in seconds for which late reports of the post are awaited"""
    address: Annotated[Address, Personal]


class ConsignmentSent(Model):
    """The post accepted the consignment."""

    kind: Literal["consignment_sent"] = "consignment_sent"
    waybill: str
    """the post's number of the consignment"""


class ConsignmentInvited(Model):
    """The recipient was not met, and was invited for the `n`-th time. The next attempt is due by `again_by`."""

    kind: Literal["consignment_invited"] = "consignment_invited"
    n: int
    """number of the invitation, from 1"""
    said: str
    """the post's own word for the status of the parcel"""
    happened_at: Instant
    again_by: Instant
    """deadline of the post's next attempt"""


class ConsignmentReported(Model):
    """The post reported an unknown status of the parcel. The event has the status as the post wrote it."""

    kind: Literal["consignment_reported"] = "consignment_reported"
    said: str
    """the post's own word for the status of the parcel"""
    message: Annotated[str | None, Personal] = None
    happened_at: Instant


class ConsignmentRecalled(Model):
    """The filing recalled the consignment before its dispatch."""

    kind: Literal["consignment_recalled"] = "consignment_recalled"


class ConsignmentLeft(Model):
    """The consignment had already left the agency when it was recalled."""

    kind: Literal["consignment_left"] = "consignment_left"


class ConsignmentEnded(Model):
    """The consignment ended with this `outcome`.

    `late`: whether the post had already reported another outcome. `collected` is the amount that the recipient paid to
    the post, in đồng; not set if there was nothing to collect. `fee` is the part of this amount that is the agency's
    fee.
    """

    kind: Literal["consignment_ended"] = "consignment_ended"
    outcome: ParcelOutcome
    """outcome of the consignment"""
    said: str | None = None
    """the post's own word for the status; not set if the post did not report the outcome"""
    happened_at: Instant | None = None
    late: bool = False
    """whether the post had already reported another outcome"""
    collected: Dong | None = None
    """amount that the recipient has paid to the post, in đồng; not set if none was to be collected"""
    fee: Dong | None = None
    """part of the collected amount that is the agency's fee, in đồng; not set if the fee was not collected"""


class ConsignmentCalendarChanged(Model):
    """Another calendar is in force. `due` is now the deadline of the consignment."""

    kind: Literal["consignment_calendar_changed"] = "consignment_calendar_changed"
    calendar: CalendarName
    due: Instant


class CompensationClaimed(Model):
    """Compensation for a loss or damage was claimed from the post. `reference` is the number of the claim."""

    kind: Literal["compensation_claimed"] = "compensation_claimed"
    officer: str
    reference: str
    """number of the claim for compensation from the post"""


class ConsignmentWatchEnded(Model):
    """The wait for late reports of the post ended at the time `until`; none had come."""

    kind: Literal["consignment_watch_ended"] = "consignment_watch_ended"
    until: Instant
    """end of the time for which late reports were awaited"""


_Report = ConsignmentSent | ConsignmentInvited | ConsignmentReported
_End = ConsignmentRecalled | ConsignmentLeft | ConsignmentEnded | CompensationClaimed
ParcelEvent = ConsignmentRequested | _Report | _End | ConsignmentCalendarChanged | ConsignmentWatchEnded
