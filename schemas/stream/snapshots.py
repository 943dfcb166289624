"""The snapshot that a run hands to the next run of the same workflow, when its history has become long.

Only a run that really continues another trusts it; any other reads the log. Fields are only added, with a default that
keeps the old meaning; `snapshot_version` of a state rises with a field that an older worker must not lose.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from ..base import Model, Sha256, unset
from .ledger import Receipt


class Snapshot(Model):
    """A stream on its way to the next run. `state` and `memory` are of the models of its kind.

    `receipts` are the first one and the newest; `older` marks the others (`workflows.stream.command_receipts`).
    `head` is the hash of its last event.
    """

    state: dict[str, Any]
    receipts: tuple[Receipt, ...]
    older: str = ""
    memory: dict[str, Any] = {}  # noqa: RUF012 -- pydantic copies it
    head: Sha256 | None = Field(default=None, exclude_if=unset)


class NoMemory(Model):
    """The memory of a workflow that needs none: its log has all it needs."""


class FilingMemory(Model):
    """`queue` is the agency's; `checked`: the back office was requested and has answered.

    `filed_by` is the program that submitted it, if this run knows it.
    """

    queue: str = ""
    checked: bool = False
    filed_by: str | None = Field(default=None, exclude_if=unset)


class PaymentMemory(Model):
    """`cancel`: requested, but not recorded; `told`: the filing knows its end; `begun`: the refunds that were begun."""

    cancel: str | None = None
    told: bool = False
    begun: tuple[str, ...] = ()


class ParcelMemory(Model):
    """`recall`: the filing calls it back, which is not recorded; `told`: the end that the filing knows."""

    recall: bool = False
    told: str | None = None


class ReferralMemory(Model):
    """`queue` is that of the deciding agency; `asked`: its back office was requested, and leaves it to officers."""

    queue: str = ""
    asked: bool = False


class ResultMemory(Model):
    """`queue` is that of the agency whose back office makes the result."""

    queue: str = ""


class RefundMemory(Model):
    """`told`: the cases whose refund the payment knows; `accepted`: it knows the accepted short payment too.

    `again` counts the requests of the fee that the filing knows.
    """

    told: tuple[int, ...] = ()
    accepted: bool = False
    again: int = 0
