"""The commands of parcels."""

from __future__ import annotations

from typing import Literal

from ..base import Instant, Line
from ..filing.commands import Command, SystemCommand
from ..filing.events import ParcelOutcome
from .state import ParcelStart, Step


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
