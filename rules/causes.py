"""The official papers that each kind of event causes."""

from collections.abc import Mapping
from typing import Any, Final

from schemas.filing.events import Submitted
from schemas.level import Channel
from schemas.papers.events import ReceiptIssued, ReceiptVoided
from schemas.papers.state import PaperKind
from schemas.publishing.fee import FeeKind
from schemas.refund.events import RefundGivenByHand
from schemas.refund.state import WITHOUT_PROVIDER

_ENDS: Final = (PaperKind.CONTROL,)
_RECEIPTS: Final = (PaperKind.CHARGE_RECEIPT, PaperKind.FEE_RECEIPT)
"""The two kinds of receipts that a payment may cause: a fee's lines do not show whether they are phí or lệ phí."""

FILING: Final[Mapping[str, tuple[PaperKind, ...]]] = {
    "accepted": (PaperKind.RECEIPT,),
    "supplement_requested": (PaperKind.SUPPLEMENT,),
    "intake_refused": (PaperKind.REFUSAL, *_ENDS),
    "apologised": (PaperKind.APOLOGY,),
    "reappointed": (PaperKind.APOLOGY,),
    "extended": (PaperKind.APOLOGY,),
    "suspended": (PaperKind.STOP,),
    "stopped": (PaperKind.STOP, *_ENDS),
    "dossier_received": (PaperKind.HANDOVER,),
    "fee_requested": (PaperKind.FEE,),
    "fee_paid": _RECEIPTS,
    "obligation_demanded": (PaperKind.FEE,),
    "parcel_requested": (PaperKind.FORM,),
    "handed_over": _ENDS,
    "withdrawn": _ENDS,
    "supplement_expired": (PaperKind.REFUSAL, *_ENDS),
    "fee_expired": _ENDS,
}
PARCEL: Final[Mapping[str, tuple[PaperKind, ...]]] = {"consignment_sent": (PaperKind.LABEL,)}
_MONEY_LEAVES: Final = ("payment_refunded", "payment_charged_back")
VOIDING: Final = (*_MONEY_LEAVES, "refund_given_by_hand")
"""Events after which a receipt may be void."""
COMPLAINT: Final[Mapping[str, tuple[PaperKind, ...]]] = {"complained": (PaperKind.COMPLAINT,)}


def papers_of_filing(event: Any) -> tuple[PaperKind, ...]:
    """The papers that an event of a filing causes. A dossier that came by post also gets a hand-over record."""
    if isinstance(event, Submitted):
        return (PaperKind.FORM, PaperKind.HANDOVER) if event.channel is Channel.POST else ()
    return FILING.get(event.kind, ())


def papers_of_parcel(event: Any) -> tuple[PaperKind, ...]:
    """The papers that an event of a parcel causes: its label, once the post has given its waybill."""
    return PARCEL.get(event.kind, ())


def papers_of_payment(event: Any) -> tuple[PaperKind, ...]:
    """The receipts that an event of a payment may make void; no event of a payment causes a new receipt."""
    return _RECEIPTS if event.kind in _MONEY_LEAVES else ()


def papers_of_refund(event: Any) -> tuple[PaperKind, ...]:
    """The receipts that a refund of money without an online payment may make void; a payment reports the other ones."""
    void = isinstance(event, RefundGivenByHand) and event.capture_id == WITHOUT_PROVIDER
    return _RECEIPTS if void else ()


def papers_of_complaint(event: Any) -> tuple[PaperKind, ...]:
    """The papers that an event of a complaint causes."""
    return COMPLAINT.get(event.kind, ())


def papers_of_receipts(event: Any) -> tuple[PaperKind, ...]:
    """The papers that an event of the papers' own stream causes: a receipt, or the replacement of a void receipt.

    A void number of an outside service is reported to it with that paper.
    """
    match event:
        case ReceiptIssued(of=of) | ReceiptVoided(of=of, again=True) | ReceiptVoided(of=of, given=True):
            return (RECEIPT_OF[of],)
        case _:
            return ()


RECEIPT_OF: Final[Mapping[FeeKind, PaperKind]] = {
    FeeKind.CHARGE: PaperKind.CHARGE_RECEIPT,
    FeeKind.FEE: PaperKind.FEE_RECEIPT,
}
CAUSES: Final = ("submitted", *FILING, *PARCEL, *COMPLAINT, "receipt_issued")
"""Every kind of event that causes a paper."""
