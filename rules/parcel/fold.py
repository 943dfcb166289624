"""The change that each event makes to a parcel, and the news of the post that says more than is known."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from schemas import parcel as pc
from schemas.filing.events import SPOILT, ParcelOutcome
from schemas.parcel import UNDER_WAY, Meaning, Parcel, ParcelState, Step
from schemas.stream.ledger import Recorded

MOST_WORDS: Final = 32
"""So many words of the post are recorded that end nothing; a carrier that says more is followed to the end alone."""


_MAY_FOLLOW: Final = {
    ParcelState.REQUESTED: frozenset(ParcelOutcome),
    ParcelState.SENT: frozenset(ParcelOutcome),
    ParcelState.LOST: frozenset({ParcelOutcome.DELIVERED, ParcelOutcome.RETURNED}),
    ParcelState.DAMAGED: frozenset({ParcelOutcome.DELIVERED, ParcelOutcome.RETURNED}),
    ParcelState.RETURNED: frozenset({ParcelOutcome.DELIVERED}),
    ParcelState.CANCELLED: frozenset({ParcelOutcome.DELIVERED, ParcelOutcome.RETURNED}),
    ParcelState.DELIVERED: frozenset[ParcelOutcome](),
}
"""What the post may say after each state. Each says more than the one before, so that it comes to an end."""


SPOILT_STATES: Final = frozenset(ParcelState(outcome.value) for outcome in SPOILT)


OUTCOMES: Final = {Meaning(outcome.value): outcome for outcome in ParcelOutcome}


_TELLING: Final = frozenset({Meaning.INVITED, Meaning.OTHER})


def news(state: ParcelState, heard: tuple[pc.Heard, ...], steps: Iterable[Step]) -> tuple[Step, ...]:
    """Those of the post's words, oldest first, that say more of a parcel than its state and what was heard of it."""
    found: list[Step] = []
    for step in steps:
        if _says_something(state, heard, step):
            found.append(step)
            heard = (*heard, pc.Heard(said=step.said, at=step.at))
            state = ParcelState(step.meaning.value) if step.meaning in OUTCOMES else state
    return tuple(found)


def _says_something(state: ParcelState, heard: tuple[pc.Heard, ...], step: Step) -> bool:
    if pc.Heard(said=step.said, at=step.at) in heard:
        return False
    if step.meaning in OUTCOMES:
        return OUTCOMES[step.meaning] in _MAY_FOLLOW[state]
    return step.meaning in _TELLING and state in UNDER_WAY and len(heard) < MOST_WORDS


def evolve(parcel: Parcel, recorded: Recorded) -> Parcel:
    """The parcel after one event."""
    return parcel.model_copy(update=_change(parcel, recorded) | {"seq": recorded.seq})


_KEPT: Final = ("number", "address", "contents", "cod", "fee", "watch_seconds", "limit", "since", "calendar", "due")


def _change(parcel: Parcel, recorded: Recorded) -> dict[str, Any]:  # noqa: PLR0911 -- one line for each event
    match recorded.event:
        case pc.ConsignmentRequested() as event:
            return {name: getattr(event, name) for name in _KEPT} | {"requested_at": recorded.at}
        case pc.ConsignmentCalendarChanged(calendar=calendar, due=due):
            return {"calendar": calendar, "due": due}
        case pc.ConsignmentSent(waybill=waybill):
            return {"waybill": waybill, "state": ParcelState.SENT}
        case pc.ConsignmentInvited(n=n, said=said, happened_at=at):
            return _heard(parcel, said, at) | {"invitations": n}
        case pc.ConsignmentReported(said=said, happened_at=at):
            return _heard(parcel, said, at)
        case pc.ConsignmentRecalled():
            return {"recalled": True}
        case pc.ConsignmentLeft():
            return {"recalled": False, "left": True}
        case pc.CompensationClaimed(reference=reference):
            return {"claim": reference}
        case pc.ConsignmentEnded(outcome=outcome, said=said, happened_at=at, collected=collected):
            ended = {"state": ParcelState(outcome.value), "ended_at": recorded.at, "recalled": False}
            ended |= {"collected": collected}
            spoilt = {"spoilt": parcel.spoilt or outcome in SPOILT}
            return _heard(parcel, said, at) | ended | spoilt
        case _:
            msg = f"{recorded.event.kind} is no event of a parcel"
            raise TypeError(msg)


def _heard(parcel: Parcel, said: str | None, at: datetime | None) -> dict[str, Any]:
    """What the post has said; what ends a parcel without its word it has not."""
    if said is None or at is None:
        return {}
    return {"heard": (*parcel.heard, pc.Heard(said=said, at=at))}
