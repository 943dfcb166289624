"""Money in suspense (tiền chưa rõ nguồn): two officers assign it to a payment, or return it."""

from enum import StrEnum
from typing import Final, Literal
from uuid import UUID

from pydantic import Field

from ..base import AgencyCode, DocumentNumber, Dong, Instant, Model, ShortText
from ..files import FileRef
from ..ids import OBLIGATIONS, StreamId
from ..people import OfficerCommand
from ..refund.state import RefundMeans


class SuspenseState(StrEnum):
    """The state of money that no request for money matches.

    The decision of two officers makes the state `assigned` or `to_give_back`. If the matching payment is found
    automatically before that, the state becomes `found`.
    """

    WAITING = "waiting"
    ASKED = "asked"
    ASSIGNED = "assigned"
    TO_GIVE_BACK = "to_give_back"
    GIVEN_BACK = "given_back"
    FOUND = "found"


class StepKind(StrEnum):
    """The act of an officer on money in suspense."""

    ASSIGN = "assign"
    GIVE_BACK = "give_back"
    APPROVE = "approve"
    DECLINE = "decline"
    GIVEN = "given"


ASKING: Final = frozenset({StepKind.ASSIGN, StepKind.GIVE_BACK})
"""The acts that another officer must approve."""


class SuspenseStep(Model):
    """The `n`-th step in the handling of money in suspense: its officer and agency, its time, its content.

    `stream` is the payment that is to receive the money. `reason` is None once the key that sealed it is erased.
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
    """Money of a transfer whose memo names no request for money, or several, with the steps of its handling.

    `outcome` is `paid`, or `reversed` if the sender's bank charged the money back.
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
    def pending_step(self) -> SuspenseStep | None:
        """The step that waits for approval; None if no step is waiting."""
        return self.steps[-1] if self.state is SuspenseState.ASKED else None


class SuspenseCommand(OfficerCommand):
    """A command of an officer on money in suspense. A repeat with the same `command_id` is the same command."""

    callback: UUID


class AssignSuspense(SuspenseCommand):
    """Request that the money is assigned to the payment number `payment` of a filing (đề nghị gán)."""

    kind: Literal["assign"] = "assign"
    filing_id: UUID
    payment: int = Field(ge=1, lt=2 * OBLIGATIONS)
    reason: ShortText

    @property
    def stream(self) -> str:
        """The stream of the payment."""
        return str(StreamId("payment", self.filing_id, self.payment))


class GiveBackSuspense(SuspenseCommand):
    """Request that the money is returned to its sender (đề nghị trả lại)."""

    kind: Literal["give_back"] = "give_back"
    reason: ShortText


class ApproveSuspense(SuspenseCommand):
    """Approve another officer's request (duyệt). `asked` is the number of the step with the request."""

    kind: Literal["approve"] = "approve"
    asked: int = Field(ge=1)


class DeclineSuspense(SuspenseCommand):
    """Decline another officer's request (không duyệt). `asked` is the number of the step with the request."""

    kind: Literal["decline"] = "decline"
    asked: int = Field(ge=1)
    reason: ShortText


class RecordSuspenseGiven(SuspenseCommand):
    """Record that the money was returned, with the evidence. `bank_reference` is needed for a transfer."""

    kind: Literal["given"] = "given"
    means: RefundMeans
    evidence: FileRef
    bank_reference: DocumentNumber | None = None


AnySuspenseCommand = AssignSuspense | GiveBackSuspense | ApproveSuspense | DeclineSuspense | RecordSuspenseGiven
