"""The life of a filing: what a command makes happen, what is possible now, and what will ring.

`decide` and `evolve` are all there is to a filing; the workflow, the activities and every page use these and never
re-implement a rule.
"""

from __future__ import annotations

from datetime import datetime

from rules.consequences import consequence
from rules.fold import evolve, stage, status
from rules.guards import available_actions, check, current_step
from rules.handlers import HANDLERS, Events, not_allowed
from rules.queues import next_timer, tasks, timers
from schemas import commands as cm
from schemas.filing import Filing
from schemas.ledger import Recorded

__all__ = [
    "available_actions",
    "current_step",
    "decide",
    "evolve",
    "next_timer",
    "stage",
    "status",
    "tasks",
    "timers",
]


def decide(filing: Filing, command: cm.Command, now: datetime) -> Events:
    """What `command` makes happen, with everything that follows from it by itself. Raises `Refused`."""
    why = check(filing, command.kind, command.actor, now)
    if why is not None:
        raise not_allowed(filing, command.actor, now, why)
    events: Events = HANDLERS[command.kind](filing, command, now)
    after = _fold(filing, events, command, now)
    while (follows := consequence(after)) is not None:
        events = (*events, follows)
        after = _fold(after, (follows,), command, now)
    return events


def _fold(filing: Filing, events: Events, command: cm.Command, now: datetime) -> Filing:
    for event in events:
        recorded = Recorded(seq=filing.seq + 1, at=now, command_id=command.command_id, actor=command.actor, event=event)
        filing = evolve(filing, recorded)
    return filing
