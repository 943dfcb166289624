"""The content of each kind of paper."""

from collections.abc import Callable
from typing import Final

from rules.papers.sheets.complaint import complaint, complaint_decision, complaint_notice
from rules.papers.sheets.control import control
from rules.papers.sheets.endings import refusal, stop
from rules.papers.sheets.fee import fee, money_receipt
from rules.papers.sheets.handover import handover, label, post_form
from rules.papers.sheets.notices import apology, correction, supplement
from rules.papers.sheets.receipt import receipt
from schemas.papers.sheet import PaperSheet, PaperSource
from schemas.papers.state import PaperKind


def sheet(kind: PaperKind, source: PaperSource) -> PaperSheet:
    """The paper of this kind that the last event of the source causes. Raises `ValueError` if it causes none."""
    return _PAPERS[kind](source)


_PAPERS: Final[dict[PaperKind, Callable[[PaperSource], PaperSheet]]] = {
    PaperKind.RECEIPT: receipt,
    PaperKind.SUPPLEMENT: supplement,
    PaperKind.REFUSAL: refusal,
    PaperKind.APOLOGY: apology,
    PaperKind.STOP: stop,
    PaperKind.CORRECTION: correction,
    PaperKind.CONTROL: control,
    PaperKind.HANDOVER: handover,
    PaperKind.FEE: fee,
    PaperKind.FORM: post_form,
    PaperKind.LABEL: label,
    PaperKind.COMPLAINT: complaint,
    PaperKind.COMPLAINT_NOTICE: complaint_notice,
    PaperKind.COMPLAINT_DECISION: complaint_decision,
    PaperKind.CHARGE_RECEIPT: money_receipt,
    PaperKind.FEE_RECEIPT: money_receipt,
}
