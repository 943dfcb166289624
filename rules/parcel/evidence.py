"""The record's proof of a parcel's events: events of the filing, and findings at the post."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from rules.evidence import Entry, Evidence, Finding, findings
from rules.parcel.fold import OUTCOMES
from schemas.base import Instant
from schemas.filing.events import ParcelOutcome
from schemas.ids import StreamId, filing_workflow
from schemas.parcel import events as ev
from schemas.parcel.state import Meaning, Step


def evidence(stream: StreamId, event: Any) -> Evidence | None:
    """The evidence for a request, a recall, and a return that the post did not report; None for other events."""
    filing = filing_workflow(stream.filing)
    match event:
        case ev.ConsignmentRequested(n=n):
            return ((Entry(("parcel_requested",), {"n": n}, filing),),)
        case ev.ConsignmentRecalled():
            return ((Entry(("parcel_recalled",), {"n": stream.n}, filing),),)
        case ev.ConsignmentEnded(outcome=ParcelOutcome.RETURNED, happened_at=None):
            return ((Entry(("consignment_sent",), stream=str(stream), recorded="waybill"),),)
        case _:
            return None


def tracked(step: Step, again_by: Instant | None, digest: Callable[[str], str]) -> Finding:
    """The finding of a tracking step at the post. The step's free text may name people, so its `digest` replaces it."""
    seen = {"said": step.said, "happened_at": step.at}
    match step.meaning:
        case Meaning.INVITED:
            return Finding("consignment_invited", seen | {"again_by": max(again_by or step.at, step.at)})
        case Meaning.OTHER:
            return reported(step.said, step.at, None if step.message is None else digest(step.message))
        case meaning:
            return Finding("consignment_ended", seen | {"outcome": OUTCOMES[meaning], "collected": step.collected})


def reported(said: str, at: Instant, message: str | None = None) -> Finding:
    """The finding of a tracking step that does not change the parcel's state; `message` is the digest of its text."""
    return Finding("consignment_reported", {"said": said, "happened_at": at, "message": message})


_FOUND: Final[Mapping[type[Any], tuple[str, ...]]] = {
    ev.ConsignmentSent: ("waybill",),
    ev.ConsignmentLeft: (),
    ev.ConsignmentInvited: ("said", "happened_at", "again_by"),
    ev.ConsignmentReported: ("said", "happened_at"),
    ev.ConsignmentEnded: ("outcome", "said", "happened_at", "collected"),
    ev.ConsignmentWatchEnded: ("until",),
}


def found_by(_: StreamId, event: Any) -> tuple[Finding, ...]:
    """The findings at the post from which an event follows; none for free text, whose digest needs a key."""
    return () if isinstance(event, ev.ConsignmentReported) and event.message is not None else findings(event, _FOUND)
