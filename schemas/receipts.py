"""Receipts for money (biên lai thu phí, lệ phí), which the stream of a filing's papers tells of.

One for what a payment holds of phí and one for what it holds of lệ phí (Law 97/2015 art. 3): they are accounted for
apart. A number is taken once; a receipt that is void keeps it for ever.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from .about import About
from .base import Code, Dong, Instant, Line, Model, Numbered, Personal, ShortText, StrictModel
from .filing.commands import Command, SystemCommand
from .filing.events import PaymentMeans
from .level import Channel
from .publishing.fee import FeeKind

Symbol = Annotated[str, Field(pattern=r"^[0-9A-ZĐ]{1,10}$")]
"""What stands before the year in the series of an agency's receipts (ký hiệu): `BLP`."""

GivenNumber = Annotated[str, Field(pattern=r"^[0-9A-Za-z]{1,32}$")]
"""The number that a service outside has given."""

GivenSeries = Annotated[str, Field(pattern=r"^[0-9A-Za-zĐđ/-]{1,32}$")]
"""The series (ký hiệu) in which a service outside has given it."""

ReceiptNumber = Annotated[str, Field(pattern=r"^[0-9A-Z][0-9A-Za-zĐđ./-]{0,119}$")]
"""A number as the register has it: of an agency's own series, or what a service outside has given it."""


class ReceiptSeries(StrictModel):
    """In which series an agency gives receipts: by its `own` numbers, or those of a `service` outside.

    The year follows the symbol: `BLP-26`. The form of the symbols is unconfirmed.
    """

    phi: Symbol = "BLP"
    le_phi: Symbol = "BLLP"
    issuer: Literal["own", "service"] = "own"

    def symbol(self, of: FeeKind) -> str:
        """That of receipts of this kind."""
        return self.phi if of is FeeKind.CHARGE else self.le_phi


class ReceiptLine(Model):
    """What one item of the fee comes to in đồng, after what was waived."""

    code: Code
    """code of the fee item"""
    amount: Dong
    """in đồng, after what was waived"""


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


class VoidCause(StrEnum):
    """Why a receipt is void by itself: all the money that paid its fee went back, or the payer's bank took it."""

    REFUNDED = "refunded"
    CHARGED_BACK = "charged_back"


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


class IssueReceipt(SystemCommand):
    """Money has come for which there is no receipt. Without `given` the agency's own series takes the next number."""

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


class VoidReceipt(Command):
    """Make a receipt void, as a cashier or a leader of its agency; `again` gives another one for the same money."""

    kind: Literal["void_receipt"] = "void_receipt"
    registered: ReceiptNumber
    reason: ShortText
    again: bool = False


class VoidByItself(SystemCommand):
    """All the money that paid the fee of a receipt is gone."""

    kind: Literal["void_by_itself"] = "void_by_itself"
    registered: ReceiptNumber
    cause: VoidCause


class MoneyReceipt(Model):
    """A receipt as it stands: which event it was, its number, what it is for, and when it was made void."""

    seq: int
    at: Instant
    of: FeeKind
    series: str
    registered: str | None = None
    given: bool = False
    fee: int
    lines: tuple[ReceiptLine, ...]
    amount: Dong
    channel: Channel
    means: PaymentMeans | None = None
    officer: str | None = None
    about: About
    replaces: str | None = None
    voided_at: Instant | None = None


class RegisteredReceipt(Model):
    """A row of the register of receipts."""

    number: str
    agency: str
    kind: FeeKind
    series: str
    filing_id: str
    code: str | None = None
    fee: int
    amount: Dong
    issued_at: Instant
    voided_at: Instant | None = None
    replaces: str | None = None
    replaced_by: str | None = None


class ReceiptGap(Model):
    """Numbers of a counter that no receipt carries: there must be none."""

    kind: FeeKind
    year: str
    missing: tuple[str, ...]


class ReceiptRegister(Model):
    """The receipts of an agency in a period, and what is missing among the numbers of its years."""

    agency: str
    period: str
    receipts: tuple[RegisteredReceipt, ...]
    issued: Dong
    void: Dong
    gaps: tuple[ReceiptGap, ...]
