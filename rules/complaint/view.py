"""The view of a complaint."""

from rules.complaint.fold import WAITS
from rules.require import require
from schemas.complaint.state import Complaint, ComplaintView


def view(complaint: Complaint) -> ComplaintView:
    """The visible fields of a complaint."""
    waits = complaint.state in WAITS
    return ComplaintView(
        filing_id=complaint.filing_id,
        n=complaint.n,
        seq=complaint.seq,
        about=complaint.about,
        act=complaint.act,
        words=complaint.words,
        state=complaint.state,
        recorded_at=require(complaint.recorded_at),
        answerer=complaint.answerer,
        acting_for=complaint.acting_for,
        due=complaint.due if waits else None,
        overdue=complaint.overdue,
        answered_at=complaint.answered_at,
        reason=complaint.reason,
        legal_basis=complaint.legal_basis,
        reopened=complaint.reopened,
    )
