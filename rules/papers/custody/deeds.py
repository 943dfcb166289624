"""The acts in a filing, each with its actor, or with the officer accountable for an act of the system."""

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from schemas.filing import events as ev
from schemas.level import Channel
from schemas.papers.custody import Deed
from schemas.people import OFFICERS, SYSTEM, Role
from schemas.stream.ledger import Recorded

ONLY_TOLD: Final = frozenset(
    {
        "step_started",
        "reminded",
        "apology_drafted",
        "overdue",
        "part_overdue",
        "finished_early",
        "machine_work_failing",
        "machine_work_answered",
        "calendar_changed",
    }
)
"""Events of clocks and machines, in which nobody acts."""


_FOLLOWS: Final = frozenset(
    {
        "fee_requested",
        "fee_reduced",
        "fee_charged_back",
        "fee_expired",
        "result_unclaimed",
        "supplement_expired",
        "consultation_closed",
        "referred",
        "parts_decided",
        "result_offered",
        "pickup_offered",
        "parcel_requested",
        "reissue_requested",
    }
)
"""Events that can follow automatically from any command."""

_ANSWERING: Final = frozenset({Role.RECEPTION, Role.SPECIALIST, Role.LEADER, Role.CLERK})
"""The roles of officers who handle a filing; other roles only take money, hand out results, or assign work."""


class Told(NamedTuple):
    """An event, the act in it, and the officer accountable for later acts of the system."""

    recorded: Recorded
    deed: Deed | None
    answers: str | None


def deeds(events: Iterable[Recorded]) -> Iterator[Told]:
    """The acts, event by event.

    For an act of the system, the accountable officer is the one that the event names; else the last officer who carried
    the filing on; before any has, the one that the procedure names for automatic decisions.
    """
    answers: str | None = None
    for recorded in events:
        by_itself = recorded.actor.role is Role.SYSTEM or _by_itself(recorded.event)
        named = _named(recorded.event) if by_itself else None
        answers = _takes_over(recorded, named, by_itself=by_itself) or answers
        done = _by_the_system(recorded, named or answers) if by_itself else _by_somebody(recorded)
        yield Told(recorded, None if recorded.event.kind in ONLY_TOLD else done, answers)


def _takes_over(recorded: Recorded, named: str | None, *, by_itself: bool) -> str | None:
    """The officer who is accountable from this event on; None if the event does not change the accountable officer."""
    event, actor = recorded.event, recorded.actor
    if named is not None and not isinstance(event, ev.PartAnswered):
        return named
    if not by_itself and actor.role in _ANSWERING:
        return actor.subject
    if isinstance(event, ev.Submitted) and event.accountable is not None:
        return event.accountable.standing or event.accountable.silent
    return None


def _by_itself(event: Any) -> bool:
    match event:
        case ev.Decided(standing_order=order, silence=silence):
            return (order or silence) is not None
        case ev.DraftConfirmed(silent=silent):
            return silent
        case ev.HandedOver(channel=channel, receiver=receiver):
            return channel is Channel.ONLINE and receiver is None
        case ev.ParcelRecalled(officer=officer):
            return officer is None
        case ev.SupplementRequested(officer=officer):
            return officer == SYSTEM.subject
        case _:
            return event.kind in _FOLLOWS


def _named(event: Any) -> str | None:
    officer: str | None = getattr(event, "officer", None)
    return None if officer == SYSTEM.subject else officer


def _by_the_system(recorded: Recorded, answers: str | None) -> Deed:
    return Deed(seq=recorded.seq, at=recorded.at, kind=recorded.event.kind, role=Role.SYSTEM, accountable=answers)


def _by_somebody(recorded: Recorded) -> Deed:
    event, actor = recorded.event, recorded.actor
    by_officer = actor.role in OFFICERS
    return Deed(
        seq=recorded.seq,
        at=recorded.at,
        kind=event.kind,
        role=actor.role,
        subject=actor.subject if by_officer else None,
        acting_for=getattr(event, "acting_for", None),
        agency=actor.agency if by_officer else None,
    )
