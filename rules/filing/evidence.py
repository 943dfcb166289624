"""The record's proof of a filing's events: events of the filing's other streams, and findings about its files."""

from collections.abc import Iterable
from typing import Any

from rules.evidence import Entry, Evidence, Finding, OfficeAnswer
from rules.require import require
from schemas import ids
from schemas.backoffice import CHECK, CHECK_REQUEST, ISSUE, CheckAnswer, IssueAnswer
from schemas.files import FileRef
from schemas.filing import events as ev
from schemas.filing.submission import Examined, Submission
from schemas.ids import StreamId, digest
from schemas.level import Channel
from schemas.people import Actor, Role


def evidence(  # noqa: C901, PLR0911, PLR0912 -- one line for each event
    stream: StreamId, event: Any
) -> Evidence | None:
    """The evidence that an event of a filing needs; None if it needs none."""
    match event:
        case ev.FeePaid(channel=Channel.ONLINE) | ev.ObligationFulfilled(n=int()):
            return _paid_online(stream, event)
        case ev.FeePaid(channel=Channel.POST, parcel=int(n), amount=amount):
            brought = {"outcome": ev.ParcelOutcome.DELIVERED.value, "fee": amount}
            return ((Entry(("consignment_ended",), brought, ids.parcel_workflow(stream.filing, n)),),)
        case ev.FeeExpired(n=n) | ev.ResultUnclaimed(n=n):
            expired = Entry(("payment_expired",), stream=ids.payment_workflow(stream.filing, n))
            online = {"n": n, "channel": Channel.ONLINE.value}
            return ((expired,), (Entry(("fee_requested",), online, str(stream), absent=True),))
        case ev.FeeChargedBack(n=n, amount=amount):
            again = {"outcome": "asked_again", "amount": amount}
            return ((Entry(("charge_back_answered",), again, ids.refund_workflow(stream.filing, n)),),)
        case ev.HandedOver(channel=Channel.POST, n=n):
            return ((_parcel_ended(stream, n, ev.ParcelOutcome.DELIVERED),),)
        case ev.ParcelFailed(n=n, outcome=outcome) | ev.ParcelFound(n=n, outcome=outcome):
            return ((_parcel_ended(stream, n, outcome),),)
        case ev.Reopened(complaint=n, about=about):
            own, right = ids.complaint_workflow(stream.filing, n), ("upheld", "partly_upheld")
            return tuple((Entry(("complaint_answered",), {"about": about, "outcome": one}, own),) for one in right)
        case ev.Stayed(complaint=n):
            by = event.model_dump(mode="json", include={"stay", "since", "limit"})
            return ((Entry(("act_stayed",), by, ids.complaint_workflow(stream.filing, n)),),)
        case ev.StayOver(complaint=n, stay=stay, lapsed=False):
            return ((Entry(("stay_ended",), {"stay": stay}, ids.complaint_workflow(stream.filing, n)),),)
        case ev.ResultIssued(n=int(n), registered=str(number), result=file):
            released = {"registered": number, "result": file.model_dump(mode="json", exclude_none=True)}
            return ((Entry(("result_released",), released, ids.result_workflow(stream.filing, n)),),)
        case ev.PartOverdue(n=n):
            return ((Entry(("referral_overdue",), stream=ids.referral_workflow(stream.filing, n)),),)
        case ev.PartAnswered(n=n):
            said = event.model_dump(mode="json", include={"outcome", "officer", "result"}, exclude_none=True)
            return ((Entry(("referral_answered",), said, ids.referral_workflow(stream.filing, n)),),)
        case _:
            return None


def _paid_online(stream: StreamId, event: ev.FeePaid | ev.ObligationFulfilled) -> Evidence:
    """The evidence that a fee or obligation was paid online: the capture that settled it, or an accepted short payment.

    For an obligation, the amounts are not compared, since its payment requests exactly the demanded amount.
    """
    payment = ids.payment_workflow(stream.filing, require(event.n))
    still_owed = Entry(("payment_cancelled",), stream=payment, absent=True)
    if isinstance(event, ev.ObligationFulfilled):
        met = Entry(("payment_captured",), {"owed": True}, payment), Entry(("payment_accepted",), {}, payment)
        return tuple((way, still_owed) for way in met)
    if event.forgone is not None:
        accepted = {"amount": event.amount, "forgone": event.forgone}
        return ((Entry(("payment_accepted",), accepted, payment), still_owed),)
    ways: tuple[dict[str, Any], ...] = ({"amount": event.amount}, {"asked": event.amount})
    return tuple((Entry(("payment_captured",), {"owed": True} | way, payment), still_owed) for way in ways)


def _parcel_ended(stream: StreamId, n: int | None, outcome: ev.ParcelOutcome) -> Entry:
    """The evidence for the end of the parcel numbered `n`; if `n` is None, of the filing's first parcel."""
    return Entry(("consignment_ended",), {"outcome": outcome.value}, ids.parcel_workflow(stream.filing, n or 1))


def issued(answer: IssueAnswer) -> Finding:
    """The finding that the file of the result is in the object store."""
    return Finding("result_issued", dict(answer))


def printed(answer: IssueAnswer) -> Finding:
    """The finding that the platform itself, instead of the agency, printed the result with the procedure's template."""
    return Finding("result_printed", dict(answer))


def scanned(files: Iterable[str], infected: Iterable[str]) -> Finding:
    """The finding about a virus scan: the digests of the scanned files, and of the files with a virus."""
    return Finding("files_scanned", {"scanned": tuple(files), "infected": tuple(infected)})


def examined(
    files: Iterable[tuple[str, FileRef]], submission: Submission | None, version: str | None, answer: Examined
) -> Finding:
    """The finding about the examination of files. It is recorded before an event names the files.

    With a `submission`, the finding is valid only for exactly its content under this `version` of the procedure.
    """
    content = None if submission is None else digest(submission.model_dump_json(exclude_none=True))
    fields = {
        "files": [[place, file.key, file.size, file.media_type] for place, file in files],
        "submission": content,
        "version": version,
        "problems": [[problem.field, problem.rule] for problem in answer.problems] or None,
        "scan": answer.scan,
        "signature": answer.signature,
    }
    return Finding("files_examined", fields)


def found_by(_: StreamId, event: Any) -> tuple[Finding, ...]:
    """The findings from which an event follows; none for a signed result: its own stream has the findings."""
    match event:
        case ev.ResultIssued(n=None, result=file, expires_on=expires_on, copies=copies):
            return (issued(IssueAnswer(result=file, expires_on=expires_on, copies=copies)),)
        case ev.FilesScanned(scanned=files, infected=infected):
            return (scanned(files, infected),)
        case _:
            return ()


def answered_by(_: StreamId, event: Any, by: Actor) -> OfficeAnswer | None:
    """The back office's answer that an event needs, about completeness or with the result; None if it needs none."""
    match event:
        case ev.Accepted(automatic=automatic) if automatic or by.role is Role.SYSTEM:
            return OfficeAnswer(CHECK, CheckAnswer(complete=True), CHECK_REQUEST)
        case ev.ResultIssued(n=None, result=file, expires_on=expires_on, copies=copies):
            answer = IssueAnswer(result=file, expires_on=expires_on, copies=copies)
            return OfficeAnswer(ISSUE, answer, unless=printed(answer))
        case _:
            return None
