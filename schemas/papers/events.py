"""The events of official papers."""

from __future__ import annotations

from typing import Annotated, Literal

from ..base import (
    Dong,
    Model,
    Numbered,
    Personal,
    Sha256,
)
from ..files import FileRef
from ..filing.events import PaymentMeans
from ..level import Channel
from ..publishing.fee import FeeKind
from ..stream.about import About
from .state import PaperKind, ReceiptLine, VoidCause


class ReceiptIssued(Model):
    """Money that was paid has a receipt (biên lai): its number was taken, its paper follows.

    Attributes:
        of: Phí or lệ phí.
        series: In which the number stands.
        number: Of the agency's own series; not there where a service outside gave one.
        given: The number that a service outside gave.
        fee: Which of the filing's fees was paid.
        amount: In đồng, the sum of the lines.
        means: With what it was paid at the counter.
        officer: The cashier who took it there.
        about: What it was issued for: the payment, or that another was made void.
        replaces: The number of the void receipt in whose place it stands.
    """

    kind: Literal["receipt_issued"] = "receipt_issued"
    of: FeeKind
    """whether it is for phí or for lệ phí"""
    series: str
    """series in which the number stands"""
    number: Annotated[str | None, Numbered("receipt", by="of", unless="given")] = None
    """number in the agency's own series; not there where a service outside gave one"""
    given: str | None = None
    """number that a service outside gave; not there where the agency has a series of its own"""
    fee: int
    """which of the filing's fees was paid"""
    lines: tuple[ReceiptLine, ...]
    """what each item of the fee comes to"""
    amount: Dong
    """the sum of its lines, in đồng"""
    channel: Channel
    """how the fee was paid"""
    means: PaymentMeans | None = None
    """with what it was paid at the counter"""
    officer: str | None = None
    """identity of the cashier who took the money at the counter"""
    about: About
    """the event that caused it"""
    replaces: str | None = None
    """number of the void receipt in whose place it stands"""


class ReceiptVoided(Model):
    """A receipt was made void (hủy biên lai): its number is never used again; `again`: another follows.

    `given`: a service outside gave its number, and has to be told. Where no `officer` did it, the system did, by this
    `cause`.
    """

    kind: Literal["receipt_voided"] = "receipt_voided"
    of: FeeKind
    """whether it is for phí or for lệ phí"""
    registered: str
    """its number, as the register has it"""
    fee: int
    """which of the filing's fees was paid"""
    officer: str | None = None
    """identity of the officer who made it void"""
    again: bool = False
    """whether another receipt follows for the same money"""
    given: bool = False
    """whether a service outside gave its number"""
    cause: VoidCause | None = None
    """why it is void by itself: all the money was given back, or charged back"""
    reason: Annotated[str | None, Personal] = None


class PaperMade(Model):
    """A paper was made and stored.

    Attributes:
        n: The first, second … of its kind in the filing.
        body_sha256: Of the paper before anybody signed it: printed again from the log, it has the same.
        template: SHA-256 of the template that it was printed with.
        signed: Whether the agency's seal is on it.
    """

    kind: Literal["paper_made"] = "paper_made"
    paper: PaperKind
    """which official paper"""
    n: int
    """the first, second … of its kind in the filing"""
    about: About
    """the event that caused it"""
    file: FileRef
    """the paper in the object store"""
    body_sha256: Sha256
    """SHA-256 of the paper before anybody signed it"""
    template: Sha256
    """SHA-256 of the template that it was printed with"""
    signed: bool
    """whether the agency's seal is on it"""


PapersEvent = PaperMade | ReceiptIssued | ReceiptVoided
