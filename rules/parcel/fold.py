"""The change that each event makes to a parcel, and the selection of new tracking steps."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from rules.rule import Change, folding
from schemas.filing.events import SPOILT, ParcelOutcome
from schemas.parcel import events as ev
from schemas.parcel.state import UNDER_WAY, Meaning, Parcel, ParcelState, RecordedStep, Step

MOST_WORDS: Final = 32
"""The maximum number of recorded tracking steps (a carrier may report any number); then only an outcome is recorded."""

_MAY_FOLLOW: Final = {
    ParcelState.REQUESTED: frozenset(ParcelOutcome),
    ParcelState.SENT: frozenset(ParcelOutcome),
    ParcelState.LOST: frozenset({ParcelOutcome.DELIVERED, ParcelOutcome.RETURNED}),
    ParcelState.DAMAGED: frozenset({ParcelOutcome.DELIVERED, ParcelOutcome.RETURNED}),
    ParcelState.RETURNED: frozenset({ParcelOutcome.DELIVERED}),
    ParcelState.CANCELLED: frozenset({ParcelOutcome.DELIVERED, ParcelOutcome.RETURNED}),
    ParcelState.DELIVERED: frozenset[ParcelOutcome](),
}
"""The outcomes that the post may report in each state. No state can recur, so a parcel has only a few outcomes."""

SPOILT_STATES: Final = frozenset(ParcelState(outcome.value) for outcome in SPOILT)

OUTCOMES: Final = {Meaning(outcome.value): outcome for outcome in ParcelOutcome}


def news(state: ParcelState, heard: tuple[RecordedStep, ...], steps: Iterable[Step]) -> tuple[Step, ...]:
    """The new tracking steps, in the given order: not recorded yet, and still possible in the parcel's state."""
    found: list[Step] = []
    for step in steps:
        said, outcome = RecordedStep(said=step.said, at=step.at), OUTCOMES.get(step.meaning)
        on_its_way = step.meaning in {Meaning.INVITED, Meaning.OTHER} and state in UNDER_WAY
        counts = on_its_way and len(heard) < MOST_WORDS if outcome is None else outcome in _MAY_FOLLOW[state]
        if counts and said not in heard:
            found.append(step)
            heard = (*heard, said)
            state = state if outcome is None else ParcelState(outcome.value)
    return tuple(found)


def collected(parcel: Parcel, step: Step) -> int | None:
    """The sum that the receiver paid; None unless money was to be collected and the parcel is delivered.

    It is the sum in the report; without one, the whole sum to collect, since the post does not deliver for less.
    """
    if not parcel.cod or step.meaning is not Meaning.DELIVERED:
        return None
    return parcel.cod if step.collected is None else step.collected


def _requested(_: Parcel, event: ev.ConsignmentRequested, at: datetime) -> dict[str, Any]:
    return {
        "number": event.number,
        "address": event.address,
        "contents": event.contents,
        "cod": event.cod,
        "fee": event.fee,
        "watch_seconds": event.watch_seconds,
        "limit": event.limit,
        "since": event.since,
        "calendar": event.calendar,
        "due": event.due,
        "requested_at": at,
    }


def _ended(parcel: Parcel, event: ev.ConsignmentEnded, at: datetime) -> dict[str, Any]:
    ended = {"state": ParcelState(event.outcome.value), "ended_at": at, "recalled": False, "watch_over": False}
    ended |= {"collected": event.collected, "spoilt": parcel.spoilt or event.outcome in SPOILT}
    return _with_step(parcel, event) | ended


def _with_step(
    parcel: Parcel, event: ev.ConsignmentInvited | ev.ConsignmentReported | ev.ConsignmentEnded
) -> dict[str, Any]:
    """The change that adds a tracking step to the recorded steps; none for an end not reported by the post."""
    if event.said is None or event.happened_at is None:
        return {}
    return {"heard": (*parcel.heard, RecordedStep(said=event.said, at=event.happened_at))}


CHANGES: Final[Mapping[type[Any], Change[Parcel]]] = {
    ev.ConsignmentRequested: _requested,
    ev.ConsignmentCalendarChanged: lambda _, event, __: {"calendar": event.calendar, "due": event.due},
    ev.ConsignmentSent: lambda _, event, __: {"waybill": event.waybill, "state": ParcelState.SENT},
    ev.ConsignmentInvited: lambda parcel, event, _: _with_step(parcel, event) | {"invitations": event.n},
    ev.ConsignmentReported: lambda parcel, event, _: _with_step(parcel, event),
    ev.ConsignmentRecalled: lambda *_: {"recalled": True},
    ev.ConsignmentLeft: lambda *_: {"recalled": False, "left": True},
    ev.CompensationClaimed: lambda _, event, __: {"claim": event.reference},
    ev.ConsignmentEnded: _ended,
    ev.ConsignmentWatchEnded: lambda *_: {"watch_over": True},
}
evolve = folding(CHANGES)
