"""The snapshot that a run hands to the next run of the same workflow, when its history has become long.

A run uses a snapshot only if it really continues another run; any other run reads the log. Fields are only added, with
a default that keeps the old meaning. A field that an older worker must not lose raises the state's `snapshot_version`.
"""

from typing import Any

from pydantic import Field

from ..base import Model, Sha256, unset
from .ledger import Receipt


class Reads(Model):
    """For one kind of stream, the newest versions that a build reads: of the snapshot, and of each kind of event.

    A build also reads all older versions.
    """

    snapshot: int
    events: dict[str, int]


class Snapshot(Model):
    """A stream as a run hands it to the next run. `state` and `memory` are models of the stream's kind, as plain data.

    `receipts` are the receipts of the first and of the newest commands; `older` has marks of all others
    (`workflows.stream.command_receipts`). `head` is the hash of the stream's last event. `missed`: whether signals were
    dropped and the record was not read since.
    """

    state: dict[str, Any]
    receipts: tuple[Receipt, ...]
    older: str = ""
    memory: dict[str, Any] = {}  # noqa: RUF012 -- pydantic copies it
    head: Sha256 | None = Field(default=None, exclude_if=unset)
    missed: bool | None = Field(default=None, exclude_if=unset)


class NoMemory(Model):
    """The empty memory of a workflow that needs nothing but its stream's log."""


class FilingMemory(Model):
    """The memory of a filing's workflow.

    `queue` is the task queue of the agency's back office. `checked`: whether the back office has answered the request
    to check the filing. `filed_by` is the program that submitted the filing; None if this run does not have it.
    `office` is the agency that has this queue; set once the filing was passed on.
    """

    queue: str = ""
    office: str | None = Field(default=None, exclude_if=unset)
    checked: bool = False
    filed_by: str | None = Field(default=None, exclude_if=unset)


class PaymentMemory(Model):
    """The memory of a payment's workflow.

    `cancel` is the reason of a requested cancellation that is not recorded yet. `told`: whether the end of the payment
    was reported to the filing. `begun` are the refunds that were started.
    """

    cancel: str | None = None
    told: bool = False
    begun: tuple[str, ...] = ()


class ParcelMemory(Model):
    """The memory of a parcel's workflow.

    `recall`: whether the filing has requested a recall that is not recorded yet. `told` is the outcome that was
    reported to the filing; None if none was.
    """

    recall: bool = False
    told: str | None = None


class ReferralMemory(Model):
    """The memory of a referral's workflow.

    `queue` is the task queue of the deciding agency's back office. `asked`: whether the back office was asked, and has
    answered.
    """

    queue: str = ""
    asked: bool = False


class ResultMemory(Model):
    """The memory of a result's workflow. `queue` is the task queue of the back office that makes the file."""

    queue: str = ""


class RefundMemory(Model):
    """The memory of a refund's workflow.

    `told` are the cases whose refund was reported to the payment. `accepted`: whether the acceptance of a short payment
    was reported to the payment. `again` is the number of repeated requests for the fee that were reported to the
    filing.
    """

    told: tuple[int, ...] = ()
    accepted: bool = False
    again: int = 0
