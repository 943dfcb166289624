"""The state of official papers, and their messages that are neither events nor commands."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from ..base import AgencyCode, Code, Dong, Instant, Model, StrictModel, unset
from ..files import FileRef
from ..filing.events import PaymentMeans
from ..level import Channel
from ..publishing.fee import FeeKind
from ..stream.ledger import About

__all__ = ["OfficialPaper", "PaperKind"]

Symbol = Annotated[str, Field(pattern=r"^[0-9A-ZĐ]{1,10}$")]
"""The symbol before the year in the series of an agency's receipts (ký hiệu): `BLP`."""

GivenNumber = Annotated[str, Field(pattern=r"^[0-9A-Za-z]{1,32}$")]
"""The number that an external service gave to a receipt."""

GivenSeries = Annotated[str, Field(pattern=r"^[0-9A-Za-zĐđ/-]{1,32}$")]
"""The series (ký hiệu) to which the number given by an external service belongs."""

ReceiptNumber = Annotated[str, Field(pattern=r"^[0-9A-Z][0-9A-Za-zĐđ./-]{0,119}$")]
"""A number in the register of receipts: from an agency's own series, or given by an external service."""


class ReceiptSeries(StrictModel):
    """The series of an agency's receipts.

    `issuer` states who numbers the receipts: the agency itself (`own`) or an external `service`. The year follows the
    symbol: `BLP-26`. The form of the symbols is unconfirmed.
    """

    phi: Symbol = "BLP"
    le_phi: Symbol = "BLLP"
    issuer: Literal["own", "service"] = "own"

    def symbol(self, of: FeeKind) -> str:
        """The symbol of receipts of this kind."""
        return self.phi if of is FeeKind.CHARGE else self.le_phi


class ReceiptLine(Model):
    """The amount in đồng of one item of the fee, after waivers."""

    code: Code
    """code of the fee item"""
    amount: Dong
    """amount in đồng, after waivers"""


class VoidCause(StrEnum):
    """The reason why the system voids a receipt: all the money of its fee was refunded, or charged back."""

    REFUNDED = "refunded"
    CHARGED_BACK = "charged_back"


class VoidRequest(Model):
    """An officer's request to void a receipt."""

    officer: str
    again: bool
    reason: str | None = Field(default=None, repr=False)


class MoneyReceipt(Model):
    """A receipt for money: its event, its number, its purpose, and the time of its voiding (None if it is not void).

    `void_asked` is the last request to void the receipt; None if there is none. `agency` is the agency that issued it;
    None means the agency of the filing's first paper.
    """

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
    void_asked: VoidRequest | None = None
    voided_at: Instant | None = None
    agency: AgencyCode | None = Field(default=None, exclude_if=unset)


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
    """Numbers that a counter issued, but that no receipt has. A register without errors has no such numbers."""

    kind: FeeKind
    year: str
    missing: tuple[str, ...]


class ReceiptRegister(Model):
    """The receipts of an agency in a period, and the missing numbers of the period's years."""

    agency: str
    period: str
    receipts: tuple[RegisteredReceipt, ...]
    issued: Dong
    void: Dong
    gaps: tuple[ReceiptGap, ...]


class PaperKind(StrEnum):
    """The kinds of official papers; the form numbers are those of Circular 03/2025/TT-BNV, which is unconfirmed."""

    RECEIPT = "receipt"
    """Form 01: receipt and appointment (giấy tiếp nhận hồ sơ và hẹn trả kết quả)."""
    SUPPLEMENT = "supplement"
    """Form 02: the missing parts (phiếu yêu cầu bổ sung, hoàn thiện hồ sơ)."""
    REFUSAL = "refusal"
    """Form 03: refusal of intake (phiếu từ chối tiếp nhận giải quyết hồ sơ)."""
    APOLOGY = "apology"
    """Form 04: apology, and the new appointment (văn bản xin lỗi và đề nghị gia hạn)."""
    STOP = "stop"
    """Form 05: the filing is stopped, for a time or for good (thông báo dừng giải quyết hồ sơ)."""
    CONTROL = "control"
    """Form 06: all officers and agencies that had the filing (phiếu kiểm soát quá trình giải quyết hồ sơ)."""
    HANDOVER = "handover"
    """Hand-over record of a paper dossier (biên bản giao nhận)."""
    FEE = "fee"
    """Notice of the sum to pay (thông báo phí, lệ phí; phiếu chuyển thông tin nghĩa vụ tài chính)."""
    FORM = "form"
    """The form with which the post brought the dossier (phiếu gửi hồ sơ)."""
    CORRECTION = "correction"
    """Notice of an act of the agency that is taken back or not done (thông báo hủy bỏ, thu hồi)."""
    LABEL = "label"
    """Label of a parcel, and the list of the originals that go back in it (nhãn bưu gửi, bảng kê bản chính)."""
    COMPLAINT = "complaint"
    """Receipt of a complaint (giấy tiếp nhận khiếu nại)."""
    COMPLAINT_NOTICE = "complaint_notice"
    """Notice in a complaint: taken up or not, a dialogue, a stay, an end (thông báo thụ lý, không thụ lý …)."""
    COMPLAINT_DECISION = "complaint_decision"
    """Decision on a complaint (quyết định giải quyết khiếu nại)."""
    CHARGE_RECEIPT = "charge_receipt"
    """Receipt for paid phí (biên lai thu phí)."""
    FEE_RECEIPT = "fee_receipt"
    """Receipt for paid lệ phí (biên lai thu lệ phí)."""


class OfficialPaper(Model):
    """An official paper: the `n`-th of its kind, made at the time `at`."""

    paper: PaperKind
    """kind of the official paper"""
    n: int
    """number among papers of its kind in the filing, from 1"""
    about: About
    """event that caused the paper"""
    at: Instant
    """time at which the paper was made"""
    file: FileRef
    """the paper in the object store"""
    signed: bool
    """whether the paper bears the agency's seal"""


class OfficialPapers(Model):
    """The fold of the stream of official papers: every paper and every receipt of a filing, in order."""

    snapshot_version: int = 1
    filing_id: UUID
    agency: AgencyCode
    seq: int = 0
    erased_at: Instant | None = Field(default=None, exclude_if=unset)
    made: tuple[OfficialPaper, ...] = ()
    receipts: tuple[MoneyReceipt, ...] = ()
