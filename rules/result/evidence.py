"""The record's proof of a result's events: events of its filing, and findings about its file and signatures."""

from collections.abc import Mapping
from typing import Any, Final

from rules.evidence import Entry, Evidence, Finding, findings
from schemas.backoffice import IssueAnswer
from schemas.filing.events import MachineWork
from schemas.ids import StreamId, filing_workflow
from schemas.result.events import ResultEntered, ResultMade, ResultSigned, SignatureDeclined


def evidence(stream: StreamId, event: Any) -> Evidence | None:
    """The evidence for an entry in the register: the filing's decision, or its own issue of this numbered result."""
    filing = filing_workflow(stream.filing)
    match event:
        case ResultEntered(adopted=str(number), result=file) if file is not None:
            issued = {"number": number, "result": file.model_dump(mode="json", exclude_none=True)}
            return ((Entry(("result_issued",), issued, filing),),)
        case ResultEntered(outcome=outcome) if outcome is not None:
            decided = Entry(("decided",), {"outcome": outcome.value}, filing)
            signs = Entry(("submitted",), {"signs": True}, filing)
            failing = Entry(("machine_work_failing",), {"work": MachineWork.ISSUE.value}, filing)
            return ((signs, decided), (failing, decided))
        case _:
            return None


def stored(answer: IssueAnswer) -> Finding:
    """The finding that the agency's file, or the platform's print, is stored. From it, the file to sign is made."""
    return Finding("result_stored", dict(answer))


_FOUND: Final[Mapping[type[Any], tuple[str, ...]]] = {
    ResultMade: ("result", "expires_on", "copies"),
    ResultSigned: ("place", "result", "proof"),
    SignatureDeclined: ("place", "officer", "registered"),
}


def found_by(_: StreamId, event: Any) -> tuple[Finding, ...]:
    """The findings from which an event follows; none for an officer who declines to sign with a reason."""
    return () if isinstance(event, SignatureDeclined) and event.reason is not None else findings(event, _FOUND)
