"""The evidence for official papers: events of other streams that the log must already have."""

from typing import Final

from rules.causes import CAUSES
from rules.evidence import Entry, Evidence
from schemas.ids import StreamId, filing_workflow, payment_workflow, refund_workflow
from schemas.papers.events import PaperMade, PapersEvent, ReceiptIssued, ReceiptVoided
from schemas.papers.state import VoidCause
from schemas.refund.state import CAPTURES


def evidence(stream: StreamId, event: PapersEvent) -> Evidence | None:
    """The evidence for an event of official papers."""
    if isinstance(event, PaperMade):
        return ((Entry(CAUSES, {}, event.about.stream),),)
    return _of_receipt(stream, event)


_WENT: Final = {VoidCause.REFUNDED: "payment_refunded", VoidCause.CHARGED_BACK: "payment_charged_back"}


def _of_receipt(stream: StreamId, event: ReceiptIssued | ReceiptVoided) -> Evidence:
    """The evidence for a receipt: its paid fee, any void receipt before it; to void one: its issue, the cause."""
    if isinstance(event, ReceiptVoided):
        number = {} if event.given else {"number": event.registered}
        issued = Entry(("receipt_issued",), {"of": event.of, "fee": event.fee} | number, str(stream))
        if event.cause is None:
            return ((issued,),)
        went = Entry((_WENT[event.cause],), {}, payment_workflow(stream.filing, event.fee))
        by_hand = Entry(("refund_given_by_hand",), {}, refund_workflow(stream.filing, event.fee * CAPTURES))
        return ((issued, went), (issued, by_hand)) if event.cause is VoidCause.REFUNDED else ((issued, went),)
    paid = Entry(("fee_paid",), {"n": event.fee}, filing_workflow(stream.filing))
    if event.replaces is None:
        return ((paid,),)
    void = {"registered": event.replaces, "again": True, "of": event.of, "fee": event.fee}
    return ((paid, Entry(("receipt_voided",), void, str(stream))),)
