"""The view of a complaint."""

from rules.complaint.fold import WAITS
from rules.require import require, shared
from schemas.complaint.state import Complaint, ComplaintView


def view(complaint: Complaint) -> ComplaintView:
    """The visible fields of a complaint."""
    waits = complaint.state in WAITS
    shown = {"recorded_at": require(complaint.recorded_at), "due": complaint.due if waits else None}
    return ComplaintView(**shared(ComplaintView, complaint) | shown)
