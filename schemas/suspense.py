"""Money in suspense (tiền chưa rõ nguồn): two officers say which payment it is for, or that it goes back."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal
from uuid import UUID

from pydantic import Field

from .base import AgencyCode, DocumentNumber, Dong, Instant, Key, Model, ShortText, StrictModel
from .files import FileRef
from .ids import OBLIGATIONS, StreamId
from .people import Actor
from .refund.state import RefundMeans


class SuspenseState(StrEnum):
    """Where money that names no demand stands.

    Until it is `assigned` or `to_give_back`, which takes two officers, it may still find its payment by itself: then it
    is `found`.
    """

    WAITING = "waiting"
    ASKED = "asked"
    ASSIGNED = "assigned"
    TO_GIVE_BACK = "to_give_back"
    GIVEN_BACK = "given_back"
    FOUND = "found"


class StepKind(StrEnum):
    """What an officer has said about it."""

    ASSIGN = "assign"
    GIVE_BACK = "give_back"
    APPROVE = "approve"
    DECLINE = "decline"
    GIVEN = "given"


ASKING: Final = frozenset({StepKind.ASSIGN, StepKind.GIVE_BACK})
"""What another officer has to approve."""


class SuspenseStep(Model):
    """One step: the `n`-th about this money, the officer of which agency took it, when, and what it says.

    `stream` is the payment that the money is to go to. The `reason` is gone with the key that sealed it.
    """

    n: int
    kind: StepKind
    officer: str
    agency: AgencyCode
    at: Instant
    stream: str | None = None
    reason: str | None = Field(default=None, repr=False)
    means: RefundMeans | None = None
    bank_reference: str | None = None
    evidence: FileRef | None = None


class Suspense(Model):
    """Money that came, or was taken back, by a transfer whose memo names no demand or several, and what was said of it.

    `outcome` is `paid`, or `reversed` where the sender's bank took it back.
    """

    id: UUID
    provider: str
    transaction: str
    amount: Dong
    outcome: str
    at: Instant
    received_at: Instant
    memo: str = Field(repr=False)
    state: SuspenseState = SuspenseState.WAITING
    steps: tuple[SuspenseStep, ...] = ()

    @property
    def asked(self) -> SuspenseStep | None:
        """What waits to be approved."""
        return self.steps[-1] if self.state is SuspenseState.ASKED else None


class SuspenseCommand(StrictModel):
    """What an officer says about money in suspense. `command_id` is its identity for that money."""

    command_id: Key
    actor: Actor
    callback: UUID


class AssignSuspense(SuspenseCommand):
    """Ask that it goes to the `payment`-th payment of a filing (đề nghị gán)."""

    kind: Literal["assign"] = "assign"
    filing_id: UUID
    payment: int = Field(ge=1, lt=2 * OBLIGATIONS)
    reason: ShortText

    @property
    def stream(self) -> str:
        """The payment's."""
        return str(StreamId("payment", self.filing_id, self.payment))


class GiveBackSuspense(SuspenseCommand):
    """Ask that it goes back to whoever sent it (đề nghị trả lại)."""

    kind: Literal["give_back"] = "give_back"
    reason: ShortText


class ApproveSuspense(SuspenseCommand):
    """Approve what another asked for in step `asked` (duyệt)."""

    kind: Literal["approve"] = "approve"
    asked: int = Field(ge=1)


class DeclineSuspense(SuspenseCommand):
    """Decline what another asked for in step `asked` (không duyệt)."""

    kind: Literal["decline"] = "decline"
    asked: int = Field(ge=1)
    reason: ShortText


class RecordSuspenseGiven(SuspenseCommand):
    """Say that it went back, with the evidence; a transfer names the bank's reference."""

    kind: Literal["given"] = "given"
    means: RefundMeans
    evidence: FileRef
    bank_reference: DocumentNumber | None = None


AnySuspenseCommand = AssignSuspense | GiveBackSuspense | ApproveSuspense | DeclineSuspense | RecordSuspenseGiven
