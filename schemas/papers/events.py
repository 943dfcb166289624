"""The events of official papers."""

from typing import Annotated, Literal

from ..base import Dong, Model, Numbered, Personal, Sha256
from ..files import FileRef
from ..filing.events import PaymentMeans
from ..level import Channel
from ..publishing.fee import FeeKind
from ..stream.ledger import About
from .state import PaperKind, ReceiptLine, VoidCause


class ReceiptIssued(Model):
    """A receipt (biên lai) for paid money has its number; the printed paper follows.

    Attributes:
        of: Phí or lệ phí.
        series: The series of the number.
        number: The number in the agency's own series; not set if an external service gave one.
        given: The number that an external service gave.
        fee: The number of the paid fee.
        amount: In đồng, the sum of the lines.
        means: The means of payment at the counter.
        officer: The cashier who took the money at the counter.
        about: The cause: the payment, or the voiding of another receipt.
        replaces: The number of the void receipt that this receipt replaces.
    """

    kind: Literal["receipt_issued"] = "receipt_issued"
    of: FeeKind
    """whether it is for phí or for lệ phí"""
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
    """sum of its lines, in đồng"""
    channel: Channel
    """channel of the payment"""
    means: PaymentMeans | None = None
    """means of payment at the counter"""
    officer: str | None = None
    """identity of the cashier who took the money at the counter"""
    about: About
    """event that caused it"""
    replaces: str | None = None
    """number of the void receipt that it replaces"""


class ReceiptVoided(Model):
    """A receipt was voided (hủy biên lai); its number is never used again. `again`: another receipt follows.

    `given`: an external service gave the number, and has to be notified. Without an `officer`, the system voided the
    receipt, for this `cause`.
    """

    kind: Literal["receipt_voided"] = "receipt_voided"
    of: FeeKind
    """whether it is for phí or for lệ phí"""
    registered: str
    """its number in the register"""
    fee: int
    """number of the paid fee"""
    officer: str | None = None
    """identity of the officer who made it void"""
    again: bool = False
    """whether another receipt follows for the same money"""
    given: bool = False
    """whether an external service gave its number"""
    cause: VoidCause | None = None
    """reason why the system made it void: all the money was given back, or charged back"""
    reason: Annotated[str | None, Personal] = None


class PaperMade(Model):
    """A paper was made and stored.

    Attributes:
        n: The number among papers of its kind in the filing, from 1.
        body_sha256: SHA-256 of the unsigned paper: printing again from the log gives the same.
        template: SHA-256 of the template from which the paper was printed.
        signed: Whether it bears the agency's seal.
    """

    kind: Literal["paper_made"] = "paper_made"
    paper: PaperKind
    """kind of the official paper"""
    n: int
    """number among papers of its kind in the filing, from 1"""
    about: About
    """event that caused it"""
    file: FileRef
    """the paper in the object store"""
    body_sha256: Sha256
    """SHA-256 of the unsigned paper"""
    template: Sha256
    """SHA-256 of the template of its print"""
    signed: bool
    """whether it bears the agency's seal"""


PapersEvent = PaperMade | ReceiptIssued | ReceiptVoided
