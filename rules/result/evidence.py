"""Events of its filing that must stand in the log before a result's own."""

from __future__ import annotations

from typing import Any

from rules.evidence import Entry, Evidence
from schemas.ids import StreamId, filing_workflow
from schemas.result.events import ResultEntered


def evidence(stream: StreamId, event: Any) -> Evidence | None:
    """The evidence for a result: the filing's decision, or the result that the filing itself issued."""
    filing = filing_workflow(stream.filing)
    match event:
        case ResultEntered(adopted=str(number), result=file) if file is not None:
            issued = {"number": number, "result": file.model_dump(mode="json", exclude_none=True)}
            return ((Entry(("result_issued",), issued, filing),),)
        case ResultEntered(outcome=outcome) if outcome is not None:
            signs = Entry(("submitted",), {"signs": True}, filing)
            return ((signs, Entry(("decided",), {"outcome": outcome.value}, filing)),)
        case _:
            return None
