"""Official papers (giấy tờ) that a filing causes, and the stream `papers:<filing>` that says which were made.

No workflow lives for it: what is appended leaves rows in `outbox`, and whoever makes the papers reports here. So do
receipts for money, which take their number here before there is a paper.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import Field

from .about import About
from .base import AgencyCode, Instant, Model, Sha256, unset
from .files import FileRef
from .filing.commands import SystemCommand
from .receipts import MoneyReceipt, ReceiptIssued, ReceiptVoided


class PaperKind(StrEnum):
    """What papers there are; the numbers of the forms are those of Circular 03/2025/TT-BNV, which is unconfirmed."""

    RECEIPT = "receipt"
    """Form 01: receipt and appointment (giấy tiếp nhận hồ sơ và hẹn trả kết quả)."""
    SUPPLEMENT = "supplement"
    """Form 02: what is missing (phiếu yêu cầu bổ sung, hoàn thiện hồ sơ)."""
    REFUSAL = "refusal"
    """Form 03: refusal of intake (phiếu từ chối tiếp nhận giải quyết hồ sơ)."""
    APOLOGY = "apology"
    """Form 04: apology, and the new appointment (văn bản xin lỗi và đề nghị gia hạn)."""
    STOP = "stop"
    """Form 05: the filing is stopped, for a time or for good (thông báo dừng giải quyết hồ sơ)."""
    CONTROL = "control"
    """Form 06: every hand that the filing went through (phiếu kiểm soát quá trình giải quyết hồ sơ)."""
    HANDOVER = "handover"
    """The record of a dossier that was handed over on paper (biên bản giao nhận)."""
    FEE = "fee"
    """What is to be paid (thông báo phí, lệ phí; phiếu chuyển thông tin nghĩa vụ tài chính)."""
    FORM = "form"
    """With which the post brought the dossier (phiếu gửi hồ sơ)."""
    LABEL = "label"
    """What is stuck on a parcel, and the list of the originals that go back in it (nhãn bưu gửi, bảng kê bản chính)."""
    COMPLAINT = "complaint"
    """Receipt of a complaint (giấy tiếp nhận khiếu nại)."""
    CHARGE_RECEIPT = "charge_receipt"
    """For phí that was paid (biên lai thu phí)."""
    FEE_RECEIPT = "fee_receipt"
    """For lệ phí that was paid (biên lai thu lệ phí)."""


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


class RecordPaper(SystemCommand):
    """A paper was made."""

    kind: Literal["record_paper"] = "record_paper"
    paper: PaperKind
    about: About
    file: FileRef
    body_sha256: Sha256
    template: Sha256
    signed: bool


class OfficialPaper(Model):
    """A paper that was made: the `n`-th of its kind. `at` is when."""

    paper: PaperKind
    """which official paper"""
    n: int
    """the first, second … of its kind in the filing"""
    about: About
    """the event that caused it"""
    at: Instant
    """when it was made"""
    file: FileRef
    """the paper in the object store"""
    signed: bool
    """whether the agency's seal is on it"""


class OfficialPapers(Model):
    """The fold of the stream: every paper of a filing and every receipt, in the order in which they were made."""

    snapshot_version: int = 1
    filing_id: UUID
    agency: AgencyCode
    seq: int = 0
    erased_at: Instant | None = Field(default=None, exclude_if=unset)
    made: tuple[OfficialPaper, ...] = ()
    receipts: tuple[MoneyReceipt, ...] = ()
