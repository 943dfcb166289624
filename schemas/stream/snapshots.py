"""The snapshot that a run hands to the next run of the same workflow, when its history has become long.

A run uses a snapshot only if it really continues another run; any other run reads the log. Fields are only added,
with a default that keeps the old meaning. A state's `snapshot_version` is raised with each field that an older worker
must not lose.
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

    `receipts` are those of the first and the newest commands; `older` has marks of the others
    (`workflows.stream.command_receipts`). `head` is the hash of the stream's last event.
    """

    state: dict[str, Any]
    receipts: tuple[Receipt, ...]
    older: str = ""
    memory: dict[str, Any] = {}  # noqa: RUF012 -- pydantic copies it
    head: Sha256 | None = Field(default=None, exclude_if=unset)


class NoMemory(Model):
    """The empty memory of a workflow whose stream's log has all data."""


class FilingMemory(Model):
    """The memory of a filing's workflow.

    `queue` is the task queue of the agency's back office; `checked`: the back office has answered the request to check
    the filing. `filed_by` is the program that submitted the filing; None if this run does not have it.
    """

    queue: str = ""
    checked: bool = False
    filed_by: str | None = Field(default=None, exclude_if=unset)


class PaymentMemory(Model):
    """The memory of a payment's workflow.

    `cancel`: a requested cancellation that is not recorded yet; `told`: the end was reported to the filing; `begun`:
    the refunds that were started.
    """

    cancel: str | None = None
    told: bool = False
    begun: tuple[str, ...] = ()


class ParcelMemory(Model):
    """The memory of a parcel's workflow.

    `recall`: a recall by the filing that is not recorded yet; `told`: the outcome that was reported to the filing.
    """

    recall: bool = False
    told: str | None = None


class ReferralMemory(Model):
    """The memory of a referral's workflow.

    `queue` is the task queue of the deciding agency's back office; `asked`: the back office has answered.
    """

    queue: str = ""
    asked: bool = False


class ResultMemory(Model):
    """The memory of a result's workflow: `queue` is the queue of the agency whose back office makes the file."""

    queue: str = ""


class RefundMemory(Model):
    """The memory of a refund's workflow.

    `told`: the cases whose refund was reported to the payment; `accepted`: the acceptance of a short payment was
    reported to the payment. `again` counts the repeated requests of the fee that were reported to the filing.
    """

    told: tuple[int, ...] = ()
    accepted: bool = False
    again: int = 0
