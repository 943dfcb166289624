"""The commands of parcels."""

from typing import Literal

from ..base import Instant, Line
from ..filing.commands import Command, SystemCommand
from ..filing.events import ParcelOutcome
from .state import ParcelStart, Step

__all__ = ["PARCEL_COMMANDS", "ClaimCompensation"]


class ClaimCompensation(Command):
    """Claim compensation from the post for loss or damage (yêu cầu bồi thường). `reference`: the claim's number."""

    kind: Literal["claim_compensation"] = "claim_compensation"
    reference: Line
    """number of the claim for compensation from the post"""


PARCEL_COMMANDS: tuple[type[Command], ...] = (ClaimCompensation,)
"""The commands that an officer may give to a parcel."""


class RequestConsignment(SystemCommand):
    """Request a consignment from the post."""

    kind: Literal["request_consignment"] = "request_consignment"
    start: ParcelStart


class RecordSent(SystemCommand):
    """Record that the post accepted the parcel."""

    kind: Literal["record_sent"] = "record_sent"
    waybill: str


class RecordSteps(SystemCommand):
    """Record new tracking steps that the post reports.

    `again_by` is the deadline of the next delivery attempt; None unless the post has left the recipient an invitation.
    """

    kind: Literal["record_steps"] = "record_steps"
    steps: tuple[Step, ...]
    again_by: Instant | None = None


class RecordEnd(SystemCommand):
    """Record an end of the parcel that the post does not report: the parcel was not accepted, or was returned."""

    kind: Literal["record_end"] = "record_end"
    outcome: ParcelOutcome
    said: str | None = None


class EndParcelWatch(SystemCommand):
    """Record that the post had no further report until the time `until`, the end of the wait for late reports."""

    kind: Literal["end_parcel_watch"] = "end_parcel_watch"
    until: Instant


class RecallConsignment(SystemCommand):
    """Recall the parcel before its dispatch, as the filing has requested."""

    kind: Literal["recall_consignment"] = "recall_consignment"


class RecordLeft(SystemCommand):
    """Record that the parcel had left the agency before it was recalled."""

    kind: Literal["record_left"] = "record_left"
