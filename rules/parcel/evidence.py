"""Events of its filing that must stand in the log before a parcel's own."""

from __future__ import annotations

from typing import Any

from rules.evidence import Entry, Evidence
from schemas.ids import StreamId, filing_workflow
from schemas.parcel.events import ConsignmentRecalled, ConsignmentRequested


def evidence(stream: StreamId, event: Any) -> Evidence | None:
    """The evidence for a consignment or its recall: the filing's request."""
    filing = filing_workflow(stream.filing)
    match event:
        case ConsignmentRequested(n=n):
            return ((Entry(("parcel_requested",), {"n": n}, filing),),)
        case ConsignmentRecalled():
            return ((Entry(("parcel_recalled",), {"n": stream.n}, filing),),)
        case _:
            return None
