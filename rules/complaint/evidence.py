"""The evidence for a complaint's events: events of its filing that the log must already have."""

from typing import Any

from rules.evidence import Entry, Evidence
from schemas.complaint.events import Complained, ComplaintSettled
from schemas.ids import StreamId, filing_workflow


def evidence(stream: StreamId, event: Any) -> Evidence | None:
    """The evidence in the filing's log: the disputed act, or the restart of the filing after an upheld complaint."""
    filing = filing_workflow(stream.filing)
    match event:
        case Complained(act=act):
            return ((Entry((act,), stream=filing),),)
        case ComplaintSettled(reopened=True):
            return ((Entry(("reopened",), {"complaint": stream.n}, filing),),)
        case _:
            return None
