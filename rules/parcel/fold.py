"""The change that each event makes to a parcel, and the news of the post that says more than is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from rules.rule import Change, folding
from schemas.filing.events import SPOILT, ParcelOutcome
from schemas.parcel.events import (
    CompensationClaimed,
    ConsignmentCalendarChanged,
    ConsignmentEnded,
    ConsignmentInvited,
    ConsignmentLeft,
    ConsignmentRecalled,
    ConsignmentReported,
    ConsignmentRequested,
    ConsignmentSent,
)
from schemas.parcel.state import UNDER_WAY, Heard, Meaning, Parcel, ParcelState, Step

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


def news(state: ParcelState, heard: tuple[Heard, ...], steps: Iterable[Step]) -> tuple[Step, ...]:
    """Those of the post's words, oldest first, that say more of a parcel than its state and what was heard of it."""
    found: list[Step] = []
    for step in steps:
        if _says_something(state, heard, step):
            found.append(step)
            heard = (*heard, Heard(said=step.said, at=step.at))
            state = ParcelState(step.meaning.value) if step.meaning in OUTCOMES else state
    return tuple(found)


def _says_something(state: ParcelState, heard: tuple[Heard, ...], step: Step) -> bool:
    if Heard(said=step.said, at=step.at) in heard:
        return False
    if step.meaning in OUTCOMES:
        return OUTCOMES[step.meaning] in _MAY_FOLLOW[state]
    return step.meaning in _TELLING and state in UNDER_WAY and len(heard) < MOST_WORDS


_KEPT: Final = ("number", "address", "contents", "cod", "fee", "watch_seconds", "limit", "since", "calendar", "due")


def _requested(_: Parcel, event: ConsignmentRequested, at: datetime) -> dict[str, Any]:
    return {name: getattr(event, name) for name in _KEPT} | {"requested_at": at}


def _ended(parcel: Parcel, event: ConsignmentEnded, at: datetime) -> dict[str, Any]:
    ended = {"state": ParcelState(event.outcome.value), "ended_at": at, "recalled": False}
    ended |= {"collected": event.collected, "spoilt": parcel.spoilt or event.outcome in SPOILT}
    return _heard(parcel, event.said, event.happened_at) | ended


def _heard(parcel: Parcel, said: str | None, at: datetime | None) -> dict[str, Any]:
    """What the post has said; what ends a parcel without its word it has not."""
    if said is None or at is None:
        return {}
    return {"heard": (*parcel.heard, Heard(said=said, at=at))}


CHANGES: Final[Mapping[type[Any], Change[Parcel]]] = {
    ConsignmentRequested: _requested,
    ConsignmentCalendarChanged: lambda _, event, __: {"calendar": event.calendar, "due": event.due},
    ConsignmentSent: lambda _, event, __: {"waybill": event.waybill, "state": ParcelState.SENT},
    ConsignmentInvited: lambda parcel, event, _: (
        _heard(parcel, event.said, event.happened_at) | {"invitations": event.n}
    ),
    ConsignmentReported: lambda parcel, event, _: _heard(parcel, event.said, event.happened_at),
    ConsignmentRecalled: lambda *_: {"recalled": True},
    ConsignmentLeft: lambda *_: {"recalled": False, "left": True},
    CompensationClaimed: lambda _, event, __: {"claim": event.reference},
    ConsignmentEnded: _ended,
}
evolve = folding(CHANGES)
