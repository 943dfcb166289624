"""The record's proof of a result's events: events of its filing, and findings about its file and signatures."""

from typing import Any

from rules.evidence import Entry, Evidence, Finding
from schemas.backoffice import IssueAnswer
from schemas.files import FileRef
from schemas.ids import StreamId, filing_workflow
from schemas.result.events import ResultEntered, ResultMade, ResultSigned, SignatureDeclined
from schemas.result.state import SigningPlace


def evidence(stream: StreamId, event: Any) -> Evidence | None:
    """The evidence for an entry: the filing's decision; for a result that was issued without signing, the issue."""
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


def stored(answer: IssueAnswer) -> Finding:
    """The finding that the agency's file or the platform's print is stored; the file to sign is made from it."""
    return Finding("result_stored", dict(answer))


def made(answer: IssueAnswer) -> Finding:
    """The finding that the file to sign, with a place for each signature, is in the store."""
    return Finding("result_made", dict(answer))


def signed(place: SigningPlace, file: FileRef, proof: FileRef | None) -> Finding:
    """The finding that the officer has signed. After the last signature, `proof` is the stored report of the check."""
    return Finding("result_signed", {"place": place, "result": file, "proof": proof})


def declined(place: SigningPlace, officer: str, registered: str | None) -> Finding:
    """The finding that the officer has declined, at the signing service, to sign the result of this number."""
    return Finding("signature_declined", {"place": place, "officer": officer, "registered": registered})


def found_by(_: StreamId, event: Any) -> tuple[Finding, ...]:
    """The findings from which an event follows; none if an officer declines on the platform, with a reason."""
    match event:
        case ResultMade(result=file, expires_on=expires_on, copies=copies):
            return (made(IssueAnswer(result=file, expires_on=expires_on, copies=copies)),)
        case ResultSigned(place=place, result=file, proof=proof):
            return (signed(place, file, proof),)
        case SignatureDeclined(place=place, officer=officer, reason=None, registered=registered):
            return (declined(place, officer, registered),)
        case _:
            return ()
