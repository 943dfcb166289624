"""The state of parcels, and their messages that are neither events nor commands."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from pydantic import Field

from ..base import Dong, Instant, Model
from ..people import Address
from ..stream.part import PartStart, PartState

__all__ = ["ParcelState", "ParcelView"]

WATCH_SECONDS: Final = 180 * 24 * 3600
"""The time in seconds for which late reports are awaited. The post accepts claims just as long (TT 17/2017 Đ8)."""


class ParcelStart(PartStart):
    """The start input of a parcel that is to be delivered by `due`.

    `cod` is the amount to collect on delivery, in đồng, and `fee` the part of it that is the agency's fee. If the
    parcel is not delivered, late reports of the post are awaited for `watch_seconds` seconds.
    """

    address: Address
    contents: str
    cod: Dong = 0
    fee: Dong | None = None
    watch_seconds: int = WATCH_SECONDS


class ParcelState(StrEnum):
    """The state of a parcel."""

    REQUESTED = "requested"
    SENT = "sent"
    DELIVERED = "delivered"
    RETURNED = "returned"
    LOST = "lost"
    DAMAGED = "damaged"
    CANCELLED = "cancelled"


UNDER_WAY: Final = frozenset({ParcelState.REQUESTED, ParcelState.SENT})
"""The states before the end of a parcel."""


class Meaning(StrEnum):
    """The meaning of the status that a carrier reports. `other` is the meaning of an unknown status."""

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
    """One tracking step that a carrier reports.

    `said` is the carrier's own code, `message` the carrier's text. `collected` is the sum collected on delivery, in
    đồng; None if the carrier reports none.
    """

    meaning: Meaning
    said: str
    message: str | None = None
    at: Instant
    collected: Dong | None = None


class RecordedStep(Model):
    """One tracking step of the post that the log has. `said` is the post's own code."""

    said: str
    at: Instant


class Parcel(PartState):
    """The fold of a parcel's events, with all data that its workflow needs.

    `spoilt`: whether the post has lost or damaged the parcel. `claim` is the number of the claim for compensation.
    `heard` are the recorded tracking steps, and `invitations` is the number of invitations that the recipient got.
    `recalled`: whether the filing has recalled the parcel; `left`: whether the recall was too late. `watch_over`:
    whether the wait for late reports has ended.
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
    heard: tuple[RecordedStep, ...] = ()
    recalled: bool = False
    left: bool = False
    spoilt: bool = False
    claim: str | None = None
    ended_at: Instant | None = None
    watch_over: bool = False

    @property
    def under_way(self) -> bool:
        """Whether the parcel has not ended yet."""
        return self.state in UNDER_WAY

    @property
    def watched_until(self) -> datetime | None:
        """The end of the wait for late reports about a parcel that ended undelivered; None if no report is awaited."""
        if self.ended_at is None or self.waybill is None or self.watch_over or self.state is ParcelState.DELIVERED:
            return None
        return self.ended_at + timedelta(seconds=self.watch_seconds)


class ParcelView(Model):
    """A parcel as its readers see it. `seq` is the number of its last event.

    `invitations` is the number of invitations that the recipient got, `cod` the amount to collect on delivery, in đồng.
    """

    filing_id: UUID
    n: int
    seq: int = 0
    number: str | None = None
    """number of the parcel"""
    waybill: str | None = None
    """the post's number of the consignment; not set before the post has it"""
    due: Instant | None = None
    state: ParcelState
    invitations: int = 0
    """number of times that the post met nobody and invited the recipient"""
    cod: Dong = Field(default=0, ge=0)
    """amount that the postman collects on delivery, in đồng"""
    collected: Dong | None = None
    """amount that the recipient has paid to the post, in đồng; not set if none was to be collected"""
    recalled: bool = False
    """whether the parcel was recalled before its dispatch"""
    claim: str | None = None
    """number of the claim for compensation from the post; not set if there is none"""
