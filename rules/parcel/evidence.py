"""The record's proof of a parcel's events: events of the filing, and findings at the post."""

from collections.abc import Callable
from typing import Any

from rules.evidence import Entry, Evidence, Finding
from rules.parcel.fold import OUTCOMES
from schemas.base import Instant
from schemas.filing.events import ParcelOutcome
from schemas.ids import StreamId, filing_workflow
from schemas.parcel import events as ev
from schemas.parcel.state import Meaning, Step


def evidence(stream: StreamId, event: Any) -> Evidence | None:
    """The evidence for a request, a recall, or a return that the post did not report; None for other events."""
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


def sent(waybill: str) -> Finding:
    """The finding that the post has the parcel."""
    return Finding("consignment_sent", {"waybill": waybill})


def left() -> Finding:
    """The finding that the post did not cancel the parcel, since the parcel had already left."""
    return Finding("consignment_left")


def ended(
    outcome: ParcelOutcome, said: str | None = None, happened_at: Instant | None = None, collected: int | None = None
) -> Finding:
    """The finding that the parcel's way has ended at the post, with the outcome."""
    fields = {"outcome": outcome, "said": said, "happened_at": happened_at, "collected": collected}
    return Finding("consignment_ended", fields)


def watch_ended(until: Instant) -> Finding:
    """The finding that no later report of the post had come by `until`."""
    return Finding("consignment_watch_ended", {"until": until})


def tracked(step: Step, again_by: Instant | None, digest: Callable[[str], str]) -> Finding:
    """The finding of a tracking step at the post. Its free text, which may name people, is replaced by its `digest`."""
    match step.meaning:
        case Meaning.INVITED:
            return _invited(step.said, step.at, max(again_by or step.at, step.at))
        case Meaning.OTHER:
            return reported(step.said, step.at, None if step.message is None else digest(step.message))
        case meaning:
            return ended(OUTCOMES[meaning], step.said, step.at, step.collected)


def _invited(said: str, at: Instant, again_by: Instant) -> Finding:
    return Finding("consignment_invited", {"said": said, "happened_at": at, "again_by": again_by})


def reported(said: str, at: Instant, message: str | None = None) -> Finding:
    """The finding of a tracking step that does not change the parcel's state; `message` is the digest of its text."""
    return Finding("consignment_reported", {"said": said, "happened_at": at, "message": message})


def found_by(  # noqa: PLR0911 -- one line for each event
    _: StreamId, event: Any
) -> tuple[Finding, ...]:
    """The findings at the post from which an event follows; none for events with free text: its digest needs a key."""
    match event:
        case ev.ConsignmentSent(waybill=waybill):
            return (sent(waybill),)
        case ev.ConsignmentLeft():
            return (left(),)
        case ev.ConsignmentInvited(said=said, happened_at=at, again_by=again_by):
            return (_invited(said, at, again_by),)
        case ev.ConsignmentReported(said=said, happened_at=at, message=None):
            return (reported(said, at),)
        case ev.ConsignmentEnded(outcome=outcome, said=said, happened_at=at, collected=collected):
            return (ended(outcome, said, at, collected),)
        case ev.ConsignmentWatchEnded(until=until):
            return (watch_ended(until),)
        case _:
            return ()
