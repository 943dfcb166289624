"""The commands of official papers."""

from typing import Literal

from ..base import AgencyCode, Line, Sha256, ShortText
from ..files import FileRef
from ..filing.commands import Command, SystemCommand
from ..filing.events import PaymentMeans
from ..level import Channel
from ..publishing.fee import FeeKind
from ..stream.ledger import About
from .state import GivenNumber, PaperKind, ReceiptLine, ReceiptNumber, VoidCause


class IssueReceipt(SystemCommand):
    """Issue a receipt for money that has no receipt.

    If an external service gave the number, it is in `given`; otherwise the agency's own series takes the next number.
    `agency` is the agency that issues the receipt; None means the agency of the filing's first paper.
    """

    kind: Literal["issue_receipt"] = "issue_receipt"
    of: FeeKind
    series: Line
    given: GivenNumber | None = None
    fee: int
    lines: tuple[ReceiptLine, ...]
    channel: Channel
    means: PaymentMeans | None = None
    officer: str | None = None
    about: About
    replaces: ReceiptNumber | None = None
    agency: AgencyCode | None = None


class VoidReceipt(Command):
    """Request to void a receipt, as a cashier or leader of its agency. `again`: whether a new receipt is to follow."""

    kind: Literal["void_receipt"] = "void_receipt"
    registered: ReceiptNumber
    reason: ShortText
    again: bool = False


class ApproveVoid(Command):
    """Approve another officer's request to void a receipt, as a cashier or leader of the receipt's agency."""

    kind: Literal["approve_void"] = "approve_void"
    registered: ReceiptNumber


class VoidByItself(SystemCommand):
    """Void a receipt by the system, since all the money of its fee was refunded or charged back."""

    kind: Literal["void_by_itself"] = "void_by_itself"
    registered: ReceiptNumber
    cause: VoidCause


class RecordPaper(SystemCommand):
    """Record that a paper was made."""

    kind: Literal["record_paper"] = "record_paper"
    paper: PaperKind
    about: About
    file: FileRef
    body_sha256: Sha256
    template: Sha256
    signed: bool
