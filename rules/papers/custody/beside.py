"""Custody at other agencies, which decide parts of a filing while it goes on at its own agency (liên thông)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from rules.time import working_time
from schemas.filing import events as ev
from schemas.filing.state import Filing
from schemas.papers.custody import Hand, Holder
from schemas.people import Role
from schemas.stream.ledger import Recorded


def beside(events: Sequence[Recorded], filing: Filing, closed: Sequence[datetime]) -> Iterator[Hand]:
    """One entry for each referred part, from its referral to its answer or the end of the filing.

    `filing` is in the state after the events; `closed` are the instants at which it ended.
    """
    answers = {recorded.event.n: recorded for recorded in events if isinstance(recorded.event, ev.PartAnswered)}
    for recorded in events:
        if isinstance(recorded.event, ev.Referred):
            yield _hand(recorded, answers.get(recorded.event.n), filing, closed)


def _hand(referred: Recorded, answered: Recorded | None, filing: Filing, closed: Sequence[datetime]) -> Hand:
    event, since = referred.event, referred.at
    limit = next(part.limit for part in filing.parts if part.code == event.part)
    due = working_time.due(since, limit, filing.calendar)
    said: dict[str, Any] = {"until": next((at for at in closed if at >= since), None)}
    if answered is not None:
        outcome = working_time.outcome(limit, due, answered.at)
        said = {"subject": answered.event.officer, "until": max(answered.at, since), "outcome": outcome}
    return Hand(
        holder=Holder.OFFICER,
        role=Role.SPECIALIST,
        agency=event.agency,
        step=event.step,
        part=event.part,
        since=since,
        working_minutes=0,
        due=due,
        **said,
    )
