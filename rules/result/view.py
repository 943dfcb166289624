"""A result as its workflow ends with it."""

from __future__ import annotations

from schemas.result.state import Result, ResultRecord


def record(result: Result) -> ResultRecord:
    """What a result ends with."""
    return ResultRecord(filing_id=result.filing_id, n=result.n, entries=result.entries)
