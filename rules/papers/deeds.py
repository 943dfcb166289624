"""Who did what in a filing, and who answers for what the system did: every handling has a name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from schemas.filing import events as ev
from schemas.hands import Deed
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
"""What clocks and machines tell: nobody has done anything."""


class Told(NamedTuple):
    """An event, what somebody did by it, and the officer who answers for what the system does from then on."""

    recorded: Recorded
    deed: Deed | None
    answers: str | None


def deeds(events: Iterable[Recorded]) -> Iterator[Told]:
    """What was done, event by event.

    For what the system does the officer answers whom the event names, else the one who acted last, and before anybody
    has, whoever the procedure names for what nobody decides.
    """
    answers: str | None = None
    for recorded in events:
        event = recorded.event
        if isinstance(event, ev.Submitted) and event.accountable is not None:
            answers = event.accountable.standing or event.accountable.silent
        by = recorded.actor.subject if recorded.actor.role in OFFICERS else _named(event)
        if by is not None and not isinstance(event, ev.PartAnswered):
            answers = by
        yield Told(recorded, None if event.kind in ONLY_TOLD else _deed(recorded, by or answers), answers)


def _named(event: Any) -> str | None:
    officer: str | None = getattr(event, "officer", None)
    return None if officer == SYSTEM.subject else officer


def _deed(recorded: Recorded, answers: str | None) -> Deed:
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
        accountable=answers if actor.role is Role.SYSTEM else None,
    )
