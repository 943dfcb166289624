"""The life of a filing, defined by `decide` and `evolve` alone: workflows, activities and pages have no such rules."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rules.filing.clocks import clock_history
from rules.filing.commands import RULES as COMMANDS
from rules.filing.commands.time import lapsed_before
from rules.filing.consequences import consequence
from rules.filing.fold import current_step, evolve, stage, status
from rules.filing.queues import check, next_timer, possible, tasks, timers
from rules.rule import Rules
from schemas.errors import Problem, RefusalCode, RefusalError, problem, refused
from schemas.filing import commands as cm
from schemas.filing.events import Events
from schemas.filing.state import Filing
from schemas.people import Actor, Role
from schemas.stream.ledger import Recorded

__all__ = [
    "RULES",
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


@dataclass(frozen=True)
class FilingRules(Rules[Filing]):
    """The rules of filings: the events of a command include its automatic consequences."""

    @property
    def writers(self) -> frozenset[Role]:
        """The roles that may write to a filing: all."""
        return frozenset(Role)

    def guard(self, state: Filing, name: str, actor: Actor, now: datetime) -> Problem | None:
        """Why `actor` can't give this command now; None if `actor` can."""
        return check(state, name, actor, now)

    def decide(self, state: Filing, command: cm.Command, now: datetime) -> Events:
        """The events of `command` with their consequences. Raises `RefusalError` with the actor's possible commands."""
        try:
            events = super().decide(state, command, now)
        except RefusalError as no:
            if no.refusal.code is not RefusalCode.NOT_ALLOWED:
                raise
            instead = possible(state, command.actor, now) if state.seq else ()
            raise refused(RefusalCode.NOT_ALLOWED, *no.refusal.problems, allowed=instead) from None
        events = (*lapsed_before(state, command, events, now), *events)
        after = _fold(state, events, command, now)
        while (follows := consequence(after)) is not None:
            events = (*events, follows)
            after = _fold(after, (follows,), command, now)
        return events


def _fold(filing: Filing, events: Events, command: cm.Command, now: datetime) -> Filing:
    for event in events:
        recorded = Recorded(seq=filing.seq + 1, at=now, command_id=command.command_id, actor=command.actor, event=event)
        filing = evolve(filing, recorded)
    return filing


RULES: Final = FilingRules(COMMANDS, not_now=problem("", "filing_closed"))
decide = RULES.decide
