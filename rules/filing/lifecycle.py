"""The life of a filing: what a command makes happen, what is possible now, and what will ring.

`decide` and `evolve` are all there is to a filing; the workflow, the activities and every page use these and never
re-implement a rule.
"""

from __future__ import annotations

from datetime import datetime

from rules.filing.clocks import clock_history
from rules.filing.commands import RULES
from rules.filing.commands.rule import Events
from rules.filing.commands.time import lapsed_before
from rules.filing.consequences import consequence
from rules.filing.fold import current_step, evolve, stage, status
from rules.filing.guards import available_actions, check
from rules.filing.queues import next_timer, possible, tasks, timers
from schemas.errors import Problem, RefusalCode, RefusalError, refused
from schemas.filing import commands as cm
from schemas.filing.state import Filing
from schemas.people import Actor
from schemas.stream.ledger import Recorded

__all__ = [
    "available_actions",
    "clock_history",
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
    """What `command` makes happen, with everything that follows from it by itself. Raises `RefusalError`."""
    why = check(filing, command.kind, command.actor, now)
    if why is not None:
        raise _not_allowed(filing, command.actor, now, why)
    try:
        events = RULES[command.kind].effect(filing, command, now)
    except RefusalError as no:
        if no.refusal.code is not RefusalCode.NOT_ALLOWED:
            raise
        raise _not_allowed(filing, command.actor, now, *no.refusal.problems) from None
    events = (*lapsed_before(filing, command, events, now), *events)
    after = _fold(filing, events, command, now)
    while (follows := consequence(after)) is not None:
        events = (*events, follows)
        after = _fold(after, (follows,), command, now)
    return events


def _not_allowed(filing: Filing, actor: Actor, now: datetime, *problems: Problem) -> RefusalError:
    """Why not, and what the actor can do instead."""
    return refused(RefusalCode.NOT_ALLOWED, *problems, allowed=possible(filing, actor, now) if filing.seq else ())


def _fold(filing: Filing, events: Events, command: cm.Command, now: datetime) -> Filing:
    for event in events:
        recorded = Recorded(seq=filing.seq + 1, at=now, command_id=command.command_id, actor=command.actor, event=event)
        filing = evolve(filing, recorded)
    return filing
