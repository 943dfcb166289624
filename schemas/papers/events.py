"""The events of official papers."""

from typing import Annotated, Literal

from pydantic import Field

from ..base import AgencyCode, Dong, Model, Numbered, Personal, Sha256, unset
from ..files import FileRef
from ..filing.events import PaymentMeans
from ..level import Channel
from ..publishing.fee import FeeKind
from ..stream.ledger import About
from .state import PaperKind, ReceiptLine, VoidCause


class ReceiptIssued(Model):
    """A receipt (biên lai) for paid money got its number. The receipt is printed afterwards.

    Attributes:
        of: Phí or lệ phí.
        series: The series of the number.
        number: The number in the agency's own series; not set if an external service gave one.
        given: The number that an external service gave; not set if the agency has a series of its own.
        fee: The number of the paid fee.
        amount: The sum of the lines, in đồng.
        means: The means of payment at the counter.
        officer: The cashier who took the money at the counter.
        about: The event that caused the receipt: of the payment, or of the voiding of another receipt.
        replaces: The number of the void receipt that this receipt replaces; not set if there is none.
        agency: The agency that issued it; not set if this is the agency of the filing's first paper.
    """

    kind: Literal["receipt_issued"] = "receipt_issued"
    of: FeeKind
    """kind of the fee: phí or lệ phí"""
    series: str
    """series of the number"""
    number: Annotated[str | None, Numbered("receipt", by="of", unless="given")] = None
    """number in the agency's own series; not set if an external service gave one"""
    given: str | None = None
    """number that an external service gave; not set if the agency has a series of its own"""
    fee: int
    """number of the paid fee"""
    lines: tuple[ReceiptLine, ...]
    """amount of each item of the fee"""
    amount: Dong
    """sum of the lines of the receipt, in đồng"""
    channel: Channel
    """channel of the payment"""
    means: PaymentMeans | None = None
    """means of payment at the counter; not set for any other payment"""
    officer: str | None = None
    """identity of the cashier who took the money at the counter; not set for any other payment"""
    about: About
    """event that caused the receipt"""
    replaces: str | None = None
    """number of the void receipt that this receipt replaces; not set if there is none"""
    agency: AgencyCode | None = Field(default=None, exclude_if=unset)
    """code of the agency that issued it; not set if this is the agency of the filing's first paper"""


class ReceiptVoidAsked(Model):
    """An officer requested that a receipt is voided, which another officer must approve. The last request counts."""

    kind: Literal["receipt_void_asked"] = "receipt_void_asked"
    registered: str
    """number of the receipt in the register"""
    officer: str
    again: bool = False
    """whether another receipt shall follow for the same money"""
    reason: Annotated[str, Personal]


class ReceiptVoided(Model):
    """A receipt was voided (hủy biên lai); its number is never used again.

    `again`: whether another receipt follows for the same money. `given`: whether an external service gave the number;
    the service then has to be notified. `officer` approved the voiding that `asked_by` requested; if `officer` is not
    set, the system voided the receipt, for the reason `cause`.
    """

    kind: Literal["receipt_voided"] = "receipt_voided"
    of: FeeKind
    """kind of the fee: phí or lệ phí"""
    registered: str
    """number of the receipt in the register"""
    fee: int
    """number of the paid fee"""
    officer: str | None = None
    """identity of the officer who voided the receipt; not set if the system did"""
    asked_by: tuple[str, ...] = ()
    """identity of the officer who requested it, and may not approve it"""
    again: bool = False
    """whether another receipt follows for the same money"""
    given: bool = False
    """whether an external service gave the number of the receipt"""
    cause: VoidCause | None = None
    """reason why the system voided it: all the money was refunded, or charged back; not set if an officer did"""
    reason: Annotated[str | None, Personal] = None


class PaperMade(Model):
    """A paper was made and stored.

    Attributes:
        n: The number among papers of its kind in the filing, from 1.
        body_sha256: SHA-256 of the unsigned paper. Another print from the log gives the same bytes.
        template: SHA-256 of the template from which the paper was printed.
        signed: Whether the paper bears the agency's seal.
    """

    kind: Literal["paper_made"] = "paper_made"
    paper: PaperKind
    """kind of the official paper"""
    n: int
    """number among papers of its kind in the filing, from 1"""
    about: About
    """event that caused the paper"""
    file: FileRef
    """the paper in the object store"""
    body_sha256: Sha256
    """SHA-256 of the unsigned paper"""
    template: Sha256
    """SHA-256 of the template from which the paper was printed"""
    signed: bool
    """whether the paper bears the agency's seal"""


PapersEvent = PaperMade | ReceiptIssued | ReceiptVoidAsked | ReceiptVoided
