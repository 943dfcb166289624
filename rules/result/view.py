"""The final record of a result."""

from schemas.result.state import Result, ResultRecord


def record(result: Result) -> ResultRecord:
    """The record with which the workflow of a result ends."""
    return ResultRecord(filing_id=result.filing_id, n=result.n, entries=result.entries)
