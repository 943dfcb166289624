"""The view of a complaint."""

from rules.complaint.fold import WAITS
from rules.require import require
from schemas.base import alike
from schemas.complaint.state import Complaint, ComplaintView


def view(complaint: Complaint) -> ComplaintView:
    """The visible fields of a complaint."""
    due = complaint.due if complaint.state in WAITS else None
    own = {"recorded_at": require(complaint.recorded_at), "due": due}
    return ComplaintView(**alike(ComplaintView, complaint) | own)
