"""The official papers that each kind of event causes."""

from collections.abc import Mapping
from typing import Any, Final

from schemas.filing.events import ApplicantCeased, Clock, Overdue, Submitted
from schemas.level import Channel
from schemas.papers.events import ReceiptIssued, ReceiptVoided
from schemas.papers.state import PaperKind
from schemas.publishing.fee import FeeKind
from schemas.refund.events import RefundGivenByHand
from schemas.refund.state import WITHOUT_PROVIDER

_ENDS: Final = (PaperKind.CONTROL,)
_RECEIPTS: Final = (PaperKind.CHARGE_RECEIPT, PaperKind.FEE_RECEIPT)
"""The receipts for phí and for lệ phí. A payment may cause both: a fee's lines do not say phí or lệ phí."""

COMPLAINT_NOTICES: Final = (
    *("complaint_taken_up", "complaint_not_taken_up", "dialogue_called", "act_stayed", "stay_lifted"),
    *("complaint_withdrawn", "suit_reported"),
)
"""Kinds of events in a complaint about which the complainant gets a notice."""

NEW_DATES: Final = (
    *("supplemented", "fee_paid", "fee_waived", "obligation_fulfilled", "recalled", "calendar_changed", "reopened"),
    *("delivery_changed", "parcel_failed"),
)
"""Kinds of events that may change a date announced to the applicant. The notice is made only if a date changes."""

_PAPERS: Final[Mapping[str, tuple[PaperKind, ...]]] = {
    "accepted": (PaperKind.RECEIPT,),
    **dict.fromkeys(NEW_DATES, (PaperKind.CORRECTION,)),
    **dict.fromkeys(("acceptance_revoked", "refusal_revoked", "applicant_corrected"), (PaperKind.CORRECTION,)),
    "supplement_requested": (PaperKind.SUPPLEMENT,),
    "more_time_granted": (PaperKind.SUPPLEMENT,),
    "more_time_refused": (PaperKind.SUPPLEMENT,),
    "supplement_cancelled": (PaperKind.CORRECTION,),
    "passed_on": (PaperKind.CORRECTION,),
    "intake_refused": (PaperKind.REFUSAL, *_ENDS),
    "apologised": (PaperKind.APOLOGY,),
    "reappointed": (PaperKind.APOLOGY,),
    "extended": (PaperKind.APOLOGY,),
    "suspended": (PaperKind.STOP,),
    "stopped": (PaperKind.STOP, *_ENDS),
    "dossier_received": (PaperKind.HANDOVER,),
    "fee_requested": (PaperKind.FEE,),
    "fee_paid": (*_RECEIPTS, PaperKind.CORRECTION),
    "fee_waiver_revoked": (PaperKind.CORRECTION,),
    "fee_waiver_declined": (PaperKind.CORRECTION,),
    "obligation_demanded": (PaperKind.FEE,),
    "parcel_requested": (PaperKind.FORM,),
    "handed_over": _ENDS,
    **dict.fromkeys(("applicant_ceased", "result_unclaimed"), (PaperKind.STOP,)),
    **dict.fromkeys(("resumed", "suspension_prolonged", "case_applied"), (PaperKind.CORRECTION,)),
    **dict.fromkeys(("cessation_revoked", "succeeded", "stayed", "stay_over"), (PaperKind.CORRECTION,)),
    **dict.fromkeys(("withdrawn", "lapsed", "supplement_expired", "fee_expired"), (PaperKind.STOP, *_ENDS)),
    **dict.fromkeys(("draft_shown", "pickup_offered", "result_offered"), (PaperKind.CORRECTION,)),
    "consignment_sent": (PaperKind.LABEL,),
    "complained": (PaperKind.COMPLAINT,),
    **dict.fromkeys(COMPLAINT_NOTICES, (PaperKind.COMPLAINT_NOTICE,)),
    "complaint_answered": (PaperKind.COMPLAINT_DECISION,),
}
_MONEY_LEAVES: Final = ("payment_refunded", "payment_charged_back")
VOIDING: Final = (*_MONEY_LEAVES, "refund_given_by_hand")
"""Kinds of events that return money, and so may make a receipt void."""


def papers_of(event: Any) -> tuple[PaperKind, ...]:
    """The kinds of official papers that an event may cause.

    A return of money is among the causes of receipts, since it may make them void.
    """
    match event:
        case Submitted(channel=Channel.POST):
            return (PaperKind.FORM, PaperKind.HANDOVER)
        case ApplicantCeased(limit=None):  # the filing ends at once, and its end causes the notice
            return ()
        case Overdue(clock=Clock.PICKUP):  # the result was not fetched in time
            return (PaperKind.STOP,)
        case RefundGivenByHand(capture_id=capture):  # for an online payment, the payment's own event is the cause
            return _RECEIPTS if capture == WITHOUT_PROVIDER else ()
        case ReceiptIssued(of=of) | ReceiptVoided(of=of, again=True) | ReceiptVoided(of=of, given=True):
            return (RECEIPT_OF[of],)  # a void number of an outside service is reported to it with that paper
        case _:
            return _RECEIPTS if event.kind in _MONEY_LEAVES else _PAPERS.get(event.kind, ())


RECEIPT_OF: Final[Mapping[FeeKind, PaperKind]] = {
    FeeKind.CHARGE: PaperKind.CHARGE_RECEIPT,
    FeeKind.FEE: PaperKind.FEE_RECEIPT,
}
CAUSES: Final = ("submitted", "overdue", *_PAPERS, "receipt_issued")
"""Every kind of event that causes a paper."""
