"""The descriptor of official papers, their rows, and the evidence for them in other streams."""

from typing import Any, Final

from rules.causes import CAUSES
from rules.evidence import Entry, Evidence
from rules.papers.commands import RULES
from rules.papers.fold import evolve
from rules.stream_kind import Numbering, StreamKind
from schemas.ids import StreamId, filing_workflow, payment_workflow, refund_workflow
from schemas.papers.events import PaperMade, PapersEvent, ReceiptVoidAsked, ReceiptVoided
from schemas.papers.state import MoneyReceipt, OfficialPapers, VoidCause
from schemas.refund.state import CAPTURES
from schemas.stream.rows import ReceiptRow, Standing
from schemas.translate import said


def evidence(stream: StreamId, event: PapersEvent) -> Evidence:
    """The evidence for an event of official papers.

    Of a paper: its cause. Of a receipt: the paid fee, and if it replaces a void receipt, that one. Of a receipt made
    void: its issue, and the cause: an event about the money, or an officer's request.
    """
    if isinstance(event, PaperMade):
        return ((Entry(CAUSES, {}, event.about.stream),),)
    if isinstance(event, ReceiptVoided):
        return _of_void(stream, event)
    if isinstance(event, ReceiptVoidAsked):
        return ((Entry(("receipt_issued",), {}, str(stream)),),)
    paid = Entry(("fee_paid",), {"n": event.fee}, filing_workflow(stream.filing))
    if event.replaces is None:
        return ((paid,),)
    void = {"registered": event.replaces, "again": True, "of": event.of, "fee": event.fee}
    return ((paid, Entry(("receipt_voided",), void, str(stream))),)


def _of_void(stream: StreamId, event: ReceiptVoided) -> Evidence:
    number = {} if event.given else {"number": event.registered}
    issued = Entry(("receipt_issued",), {"of": event.of, "fee": event.fee} | number, str(stream))
    payment = payment_workflow(stream.filing, event.fee)
    by_hand = Entry(("refund_given_by_hand",), {}, refund_workflow(stream.filing, event.fee * CAPTURES))
    match event.cause:
        case None:
            return ((issued, Entry(("receipt_void_asked",), {"registered": event.registered}, str(stream))),)
        case VoidCause.CHARGED_BACK:
            return ((issued, Entry(("payment_charged_back",), {}, payment)),)
        case VoidCause.REFUNDED:
            return ((issued, Entry(("payment_refunded",), {}, payment)), (issued, by_hand))


def _receipts(papers: OfficialPapers) -> tuple[dict[str, Any], ...]:
    return tuple(_receipt(one) | {"agency": one.agency or papers.agency} for one in papers.receipts)


def _receipt(one: MoneyReceipt) -> dict[str, Any]:
    named = one.model_dump(include={"series", "given", "fee", "amount", "voided_at", "replaces"})
    return ReceiptRow(number=one.registered, kind=one.of, issued_at=one.at, **named).model_dump(mode="json")


PAPERS: Final = StreamKind(
    name="papers",
    workflow="",
    state=OfficialPapers,
    events=PapersEvent,
    first="paper_made",
    or_first=("receipt_issued",),
    initial=lambda origin: OfficialPapers(filing_id=origin.stream.filing, agency=origin.agency),
    rules=RULES,
    evolve=evolve,
    standing=lambda _: Standing(open=False),  # no workflow runs for official papers
    receipts=_receipts,
    evidence_of=evidence,
    numberings={"receipt_phi": Numbering("%Y", "BP"), "receipt_le_phi": Numbering("%Y", "BL")},
    title=said("many.papers"),
)
