"""What a run hands to the next of the same workflow, when its history has become long.

It is believed only by a run that really continues another: any other takes what it needs from the log. Fields are only
added, with a default that means what was before; `snapshot_version` of a state rises with a field that a worker of
before must not lose.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from ..base import Model, unset
from .ledger import Receipt


class Snapshot(Model):
    """A stream on its way to the next run. `state` and `memory` are of the models that its kind names.

    `receipts` are the first one and the newest; `older` marks the others (`workflows.stream.receipts`).
    """

    state: dict[str, Any]
    receipts: tuple[Receipt, ...]
    older: str = ""
    memory: dict[str, Any] = {}  # noqa: RUF012 -- pydantic copies it


class NoMemory(Model):
    """The memory of a workflow that needs none: all that it must know stands in its log."""


class FilingMemory(Model):
    """`queue` is the agency's; `checked`: the back office has been asked and has answered.

    `filed_by` is the program that has handed it in, as far as this run has been told.
    """

    queue: str = ""
    checked: bool = False
    filed_by: str | None = Field(default=None, exclude_if=unset)


class PaymentMemory(Model):
    """`cancel` was heard and is not recorded; `told`: the filing knows how it ended; the refunds that were `begun`."""

    cancel: str | None = None
    told: bool = False
    begun: tuple[str, ...] = ()


class ParcelMemory(Model):
    """`recall`: the filing would have it back, which is not recorded; `told` is the end that the filing knows of."""

    recall: bool = False
    told: str | None = None


class ReferralMemory(Model):
    """`queue` is that of the agency that decides; `asked`: its back office has been, and leaves it to officers."""

    queue: str = ""
    asked: bool = False


class ResultMemory(Model):
    """`queue` is that of the agency whose back office makes the result."""

    queue: str = ""


class RefundMemory(Model):
    """`told` are the cases that the payment has heard to have been given back; `accepted`: it heard of that too.

    The filing has heard so often that its fee is asked for `again`.
    """

    told: tuple[int, ...] = ()
    accepted: bool = False
    again: int = 0
