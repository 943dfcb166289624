"""What an event does to the clocks of a filing, as `schemas.events.EFFECTS` declares it."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final

from rules.working_time import VIETNAM
from schemas.events import EFFECTS, Clock, Effect
from schemas.filing import ClockState, Filing
from schemas.level import Channel
from schemas.limit import Limit, Unit

_LENGTH: Final = {
    Unit.WORKING_DAYS: timedelta(days=1),
    Unit.WORKING_HOURS: timedelta(hours=1),
    Unit.CALENDAR_DAYS: timedelta(days=1),
    Unit.SECONDS: timedelta(seconds=1),
}

BANK_ANSWERS: Final = timedelta(minutes=5)
"""How long after its due instant a payment may take to say how it ended, before somebody has to look."""


def turned(filing: Filing, kind: str, at: datetime) -> dict[Clock, ClockState]:
    """The clocks of a filing after an event of this kind."""
    clocks = dict(filing.clocks)
    for clock, effect in EFFECTS[kind].items():
        after = _turn(filing, clock, clocks.pop(clock, None), effect, at)
        if after is not None:
            clocks[clock] = after
    return clocks


def _turn(filing: Filing, clock: Clock, state: ClockState | None, effect: Effect, at: datetime) -> ClockState | None:
    if effect is Effect.START or (effect is Effect.RESTART and state is not None):
        limit = limit_of(filing, clock)
        return ClockState(limit=limit, started=at, due=elapsed_due(at, limit))
    if state is None or effect is Effect.STOP:
        return None
    if effect is Effect.PAUSE and state.paused is None:
        return state.model_copy(update={"paused": at})
    if effect is Effect.RESUME and state.paused is not None:
        due = state.due + (at - state.paused)
        return state.model_copy(update={"paused": None, "due": due})
    if effect is Effect.EXTEND and filing.procedure.extension is not None:
        return state.model_copy(update={"due": elapsed_due(state.due, filing.procedure.extension.by)})
    return state


def elapsed_due(start: datetime, limit: Limit) -> datetime:
    """Where a limit ends while every hour counts, until a filing has the working calendar that it is to go by."""
    if limit.amount == 0 and limit.unit in {Unit.WORKING_DAYS, Unit.CALENDAR_DAYS}:
        midnight = datetime.combine(start.astimezone(VIETNAM), time.min, VIETNAM) + timedelta(days=1)
        return midnight.astimezone(start.tzinfo)
    begun = start if limit.unit is Unit.SECONDS else start.replace(second=0, microsecond=0)
    return begun + limit.amount * _LENGTH[limit.unit]


def limit_of(filing: Filing, clock: Clock) -> Limit:
    """The limit under which a clock of this filing runs now."""
    rules = filing.procedure
    if clock is Clock.STEP:
        return rules.review[filing.step or 0].limit
    if clock is Clock.SUPPLEMENT:
        return rules.supplement_limit
    if clock is Clock.PAYMENT and rules.fee is not None:
        return rules.fee.limit
    if clock is Clock.OBLIGATION:
        return _obligation_limit(filing)
    limits: dict[Clock, Limit] = {
        Clock.INTAKE: rules.limits.intake,
        Clock.PROCESSING: rules.limits.processing,
        Clock.ISSUE: rules.limits.issue,
        Clock.DELIVERY: rules.limits.delivery,
        Clock.PICKUP: rules.limits.pickup,
        Clock.SUSPENSION: rules.limits.suspension,
    }
    return limits[clock]


def _obligation_limit(filing: Filing) -> Limit:
    rule = filing.procedure.review[filing.step or 0].obligation
    if rule is None or filing.obligation is None:
        msg = "this step has no obligation"
        raise ValueError(msg)
    return rule.answer if filing.obligation.amount is None else rule.pay


def rings_at(filing: Filing, clock: Clock, state: ClockState) -> datetime:
    """When a clock rings. An online payment keeps its own deadline and tells how it ended: the filing gives it time."""
    online = clock is Clock.PAYMENT and filing.fee is not None and filing.fee.channel is Channel.ONLINE
    return state.due + BANK_ANSWERS if online else state.due
