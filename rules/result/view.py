"""A result as its workflow ends with it."""

from __future__ import annotations

from schemas import result as rs
from schemas.result import Result


def record(result: Result) -> rs.ResultRecord:
    """What a result ends with."""
    return rs.ResultRecord(filing_id=result.filing_id, n=result.n, entries=result.entries)
