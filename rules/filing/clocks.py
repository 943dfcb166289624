"""The effect of an event on the clocks of a filing, as `schemas.filing.events.EFFECTS` declares it."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, Final, TypeAlias

from rules.filing.conditions import hold, received_on
from rules.require import require
from rules.time import working_time
from schemas.filing import events as ev
from schemas.filing.events import EFFECTS, Clock, Effect, Moment
from schemas.filing.state import ClockState, Extension, Filing, MoreTime, Pause, PauseReason, Stretch, Timer
from schemas.level import Channel
from schemas.limit import Limit, Unit
from schemas.publishing.procedure_rules import ProcedureRules
from schemas.stream.ledger import Recorded

BANK_ANSWERS: Final = timedelta(minutes=5)
"""The time after a due time during which a report of an online payment is still awaited."""

OF_THE_AGENCY: Final = frozenset({Clock.INTAKE, Clock.PROCESSING, Clock.STEP, Clock.ISSUE})
"""The clocks of the agency's own limits."""
_OF_THE_APPLICANT: Final = frozenset(
    {Clock.SUPPLEMENT, Clock.PAYMENT, Clock.CONFIRMATION, Clock.READING, Clock.PICKUP, Clock.APPEAL, Clock.SUCCESSION}
)
"""The clocks of the applicant's own limits; the obligation clock joins them once the amount is demanded."""
_REMINDED_OF: Final = OF_THE_AGENCY | {Clock.SUSPENSION}
"""The clocks of officers, which have reminders; the payment clock has a reminder if a result waits for the fee."""
_SHOWN_ONLY: Final = frozenset({Clock.APPEAL})
"""Clocks that are only shown, and have no timers."""

_ENDING: Final = frozenset({Effect.START, Effect.STOP, Effect.RESTART})
_CUT_SHORT: Final = frozenset(
    {"withdrawn", "stopped", "supplement_expired", "fee_expired", "recalled", "reopened", "delivery_changed"}
    | {
        "supplement_cancelled",
        "acceptance_revoked",
        "refusal_revoked",
        "applicant_ceased",
        "cessation_revoked",
        "lapsed",
        "stayed",
        "stay_over",
    }
)
"""Events that end a filing, take a move back or restart a step. The clocks that they stop have no outcome."""


_Past: TypeAlias = tuple[ClockState, ...]
_Runs: TypeAlias = tuple[dict[Clock, ClockState], _Past]


def apply_event(filing: Filing, recorded: Recorded) -> dict[str, Any]:
    """The fields of a filing's clocks after an event; `filing` has the other changes of the event already."""
    event, at = recorded.event, recorded.at
    if isinstance(event, ev.CalendarChanged):
        return _on_another_calendar(filing, at)
    clocks, past = _before(filing, event), filing.past_clocks
    for clock, declared in EFFECTS[event.kind].items():
        if declared is Effect.REVIVE:
            clocks, past = _revived(filing, clock, clocks, past)
            continue
        state = clocks.pop(clock, None)
        meant = _meant(filing, clock, declared, event.kind)
        effect = declared if event.kind == "recalled" else _resumption(filing, state, meant, event.kind)
        counts = _counts_from(event, effect) or at
        after = _transition(filing, clock, state, effect, event, counts)
        if state is not None and effect in _ENDING:
            past = (*past, _ended(state, effect, event.kind, counts))
        if after is not None:
            clocks[clock] = after
    return {"clocks": _standing(filing, clocks, event, at), "past_clocks": past}


def _before(filing: Filing, event: ev.Event) -> dict[Clock, ClockState]:
    """The clocks to which an event's effects apply; after a passing on, recalculated by the new agency's rules."""
    anew = isinstance(event, ev.PassedOn)
    return {clock: _project(filing, state) if anew else state for clock, state in filing.clocks.items()}


def _standing(
    filing: Filing, clocks: dict[Clock, ClockState], event: ev.Event, at: datetime
) -> dict[Clock, ClockState]:
    """All clocks. Those that a stay, or the wait for a successor, stops are paused, whatever effect the event has."""
    stands = _STAND["stayed"] if filing.stays else frozenset()
    stands |= _STAND["applicant_ceased"] if filing.ceased and filing.decision is None else frozenset()
    run = {clock: state for clock, state in clocks.items() if clock in stands and not state.paused}
    return clocks | {clock: _paused(filing, state, event, at) for clock, state in run.items()}


_STAND: Final = {
    kind: frozenset(clock for clock, effect in EFFECTS[kind].items() if effect is Effect.PAUSE)
    for kind in ("stayed", "applicant_ceased")
}


def _counts_from(event: ev.Event, effect: Effect) -> datetime | None:
    """The legal time that an event states, such as the receipt by post; None if the event's own time counts."""
    match event:
        case ev.Supplemented(received_at=handed_over):
            return handed_over
        case ev.Submitted(received_at=stated) | ev.Accepted(since=stated) | ev.Stayed(since=stated) if (
            effect is Effect.START
        ):
            return stated
        case _:
            return None


def _revived(filing: Filing, clock: Clock, clocks: dict[Clock, ClockState], past: _Past) -> _Runs:
    """The running clocks, with the last ended run of this clock made to run again; and the runs that stay ended."""
    last = next((n for n, run in reversed([*enumerate(past)]) if run.clock is clock), None)
    if last is None:
        return clocks, past
    going = past[last].model_copy(update=dict.fromkeys(("ended", "ended_by", "outcome")))
    return clocks | {clock: _project(filing, going)}, past[:last] + past[last + 1 :]


def _meant(filing: Filing, clock: Clock, declared: Effect, kind: str) -> Effect:
    """The declared effect, adapted to the stage: the intake clock runs until acceptance, the processing clock after it.

    The transfer clock runs while papers are at another desk, or on their way to the deciding agency.
    """
    if _has_no_effect(filing, clock, declared, kind):
        return Effect.NONE
    if clock is Clock.PAYMENT and declared is Effect.START:
        return _of_the_fee(filing, kind)
    if declared is not Effect.START:
        return declared
    if clock in ({Clock.INTAKE} if filing.accepted_at else {Clock.PROCESSING, Clock.TRANSFER}):
        return Effect.STOP
    to_transfer = (filing.at_desk or filing.under_way) and clock not in filing.clocks
    return Effect.NONE if clock is Clock.TRANSFER and not to_transfer else declared


def _has_no_effect(filing: Filing, clock: Clock, declared: Effect, kind: str) -> bool:
    """Whether an event has no effect on this clock, despite the declared effect, because of the filing's state."""
    if kind == "applicant_ceased":
        passes_on = filing.procedure.succession is not None
        return not passes_on if clock is Clock.SUCCESSION else declared is Effect.PAUSE and filing.decision is not None
    if kind == "stayed" and clock is Clock.STAY:
        return _ends_before_another(filing)
    more_to_come = {"stay_over": filing.stays, "dossier_received": filing.at_desk}
    return bool(more_to_come.get(kind))


def _ends_before_another(filing: Filing) -> bool:
    """Whether the newest stay ends no later than an earlier one, whose end is already that of the clock of stays."""
    clock, stay = filing.clocks.get(Clock.STAY), filing.stays[-1]
    return clock is not None and clock.due >= working_time.due(stay.since, stay.limit, filing.calendar)


def _of_the_fee(filing: Filing, kind: str) -> Effect:
    """The effect on the payment clock, which runs while the applicant has to pay, unless the post collects the fee."""
    if kind == "fee_requested":
        return Effect.START if filing.fee_pending else Effect.NONE
    uncollected = filing.fee_pending and filing.fee is not None and filing.fee.channel is Channel.POST
    uncollected = uncollected and not filing.ceased and not filing.stays
    return Effect.START if uncollected and Clock.PAYMENT not in filing.clocks else Effect.NONE


def _resumption(filing: Filing, state: ClockState | None, declared: Effect, kind: str) -> Effect:
    """The effect when a pause ends: the procedure decides whether the rest of the limit runs, or the whole limit again.

    A successor, or the revocation of the applicant's death, ends only the pauses of the wait for a successor; the end
    of a stay ends only the pauses of the stay.
    """
    if kind in _OWN_PAUSES and declared in {Effect.RESUME, Effect.RESTART, Effect.UNPAUSE}:
        waited = state is not None and state.paused and state.pauses[-1].reason is _OWN_PAUSES[kind]
        return declared if waited else Effect.NONE
    if state is None or not state.paused or declared not in {Effect.RESUME, Effect.RESTART}:
        return declared
    rule = filing.procedure.resumption
    by_reason = {
        PauseReason.SUPPLEMENT: rule.supplement,
        PauseReason.OBLIGATION: rule.obligation,
        PauseReason.SUSPENSION: rule.suspension,
    }
    goes_on = by_reason.get(state.pauses[-1].reason)
    return declared if goes_on is None else Effect(goes_on)


_OWN_PAUSES: Final = dict.fromkeys(("succeeded", "cessation_revoked"), PauseReason.SUCCESSION) | {
    "stay_over": PauseReason.STAY
}


def _transition(
    filing: Filing, clock: Clock, state: ClockState | None, effect: Effect, event: ev.Event, at: datetime
) -> ClockState | None:
    if effect is Effect.START or (effect is Effect.RESTART and state is not None):
        named = event.limit if isinstance(event, ev.Suspended | ev.ApplicantCeased | ev.Stayed) else None
        return _started(filing, clock, at, named, state if effect is Effect.RESTART else None)
    if state is None or effect is Effect.STOP:
        return None
    if effect is Effect.PAUSE and not state.paused:
        return _paused(filing, state, event, at)
    if effect in {Effect.RESUME, Effect.UNPAUSE} and state.paused:
        last = state.pauses[-1]
        ended = () if effect is Effect.UNPAUSE else (last.model_copy(update={"until": max(at, last.since)}),)
        return _project(filing, state.model_copy(update={"pauses": (*state.pauses[:-1], *ended)}))
    if effect is Effect.EXTEND and isinstance(event, _Extending):
        return _project(filing, _extended(state, event, at))
    return state


def _started(filing: Filing, clock: Clock, at: datetime, named: Limit | None, before: ClockState | None) -> ClockState:
    """The started clock. Its limit is that of the run `before` (for a restart), else `named`, else the usual limit."""
    cut_off = filing.procedure.limits.cut_off if clock in OF_THE_AGENCY else None
    limit, extensions = (named or _LIMITS[clock](filing), ()) if before is None else (before.limit, before.extensions)
    fresh = ClockState(clock=clock, limit=limit, cut_off=cut_off, started=at, due=at, extensions=extensions)
    return _project(filing, fresh)


def _paused(filing: Filing, state: ClockState, event: ev.Event, at: datetime) -> ClockState:
    """The paused clock. The pause begins at `at`, but not before the previous pause ends (timers may be early)."""
    since = max(at, state.pauses[-1].until or at) if state.pauses else at
    reason = PauseReason.FEE if state.clock is Clock.INTAKE else PauseReason.OBLIGATION
    reason = PauseReason.SUCCESSION if filing.ceased else _REASONS.get(event.kind, reason)
    reason = PauseReason.STAY if filing.stays else reason
    pause = Pause(since=since, reason=reason, basis=getattr(event, "legal_basis", None))
    return state.model_copy(update={"pauses": (*state.pauses, pause)})


_REASONS: Final = {"supplement_requested": PauseReason.SUPPLEMENT, "suspended": PauseReason.SUSPENSION}

_Extending: TypeAlias = ev.Extended | ev.Reappointed | ev.SuspensionProlonged | ev.CaseApplied | ev.MoreTimeGranted


def _extended(state: ClockState, event: _Extending, at: datetime) -> ClockState:
    """The clock with a longer limit; its reminder, apology and lateness are reset."""
    if isinstance(event, ev.CaseApplied):
        added = sum(extension.by.amount for extension in state.extensions)
        limit = event.limit.model_copy(update={"amount": event.limit.amount + added})
        return state.model_copy(update=_NOTHING_TOLD | {"limit": limit})
    extension = Extension(by=event.by, at=at, kind=event.kind)
    longer = {"limit": _longer(state.limit, event.by), "extensions": (*state.extensions, extension)}
    return state.model_copy(update=longer | _NOTHING_TOLD)


_NOTHING_TOLD: Final = dict.fromkeys(("reminded_at", "apologised_at", "overdue_at", "expected_at"))


def _ended(state: ClockState, effect: Effect, kind: str, at: datetime) -> ClockState:
    answered = kind == "obligation_demanded" or (effect is Effect.STOP and kind not in _CUT_SHORT)
    outcome = working_time.outcome(state.limit, state.due, _stands(state, at)) if answered else None
    return state.model_copy(update={"ended": at, "ended_by": kind, "outcome": outcome})


def _on_another_calendar(filing: Filing, at: datetime) -> dict[str, Any]:
    """The clocks on a new calendar. If a clock is no longer late, its reminder, apology and lateness are reset."""
    clocks = {clock: _told_again(filing, state, at) for clock, state in filing.clocks.items()}
    in_time = {clock for clock, state in clocks.items() if state.overdue and state.due > _stands(state, at)}
    clocks |= {clock: _project(filing, clocks[clock].model_copy(update=_NOTHING_TOLD)) for clock in in_time}
    late_before = {state.clock for state in filing.past_clocks if state.overdue}
    return {"clocks": clocks, "overdue": tuple(clock for clock in filing.overdue if clock not in in_time - late_before)}


def _told_again(filing: Filing, state: ClockState, at: datetime) -> ClockState:
    """The clock on a new calendar. If its due time changes, reminders and apologies still ahead are reset."""
    untold = _project(filing, state.model_copy(update=_NOTHING_TOLD))
    moments = {"reminded_at": untold.remind_at, "apologised_at": untold.apologise_at}
    ahead = {told: None for told, moment in moments.items() if moment is not None and moment > at}
    return _project(filing, state.model_copy(update={} if untold.due == state.due else ahead))


def _stands(state: ClockState, at: datetime) -> datetime:
    """The instant until which the clock has run: the start of the present pause, or `at` if the clock is not paused."""
    return state.pauses[-1].since if state.paused else at


def _project(filing: Filing, state: ClockState) -> ClockState:
    """The clock with its instants calculated from its limit, its pauses and the calendar."""
    projected = state.model_copy(update={"due": _due(filing, state, state.limit)})
    remind, apologise = _remind_at(filing, projected), _apologise_at(filing, projected)
    return projected.model_copy(update={"remind_at": remind, "apologise_at": apologise})


def _remind_at(filing: Filing, state: ClockState) -> datetime | None:
    if state.clock is Clock.PICKUP and not state.overdue:
        return _unclaimed_at(filing, state, state.reminded_at or state.started)
    reminded_of = state.clock in _REMINDED_OF or (state.clock is Clock.PAYMENT and filing.result is not None)
    if not reminded_of or state.reminded_at or state.overdue:
        return None
    run = state.started, state.limit, state.due, filing.procedure.limits.reminder, filing.calendar
    return working_time.remind_at(*run, pauses=closed_pauses(state), cut_off=state.cut_off)


def reminded_again_at(filing: Filing, clock: Clock, at: datetime) -> datetime | None:
    """The time, after `at`, of the next reminder that a result awaits pick-up; None for a clock other than `pickup`."""
    return _unclaimed_at(filing, filing.clocks[clock], at) if clock is Clock.PICKUP else None


def _unclaimed_at(filing: Filing, state: ClockState, since: datetime) -> datetime | None:
    every = filing.procedure.limits.unclaimed
    moment = None if every is None else working_time.due(since, every, filing.calendar)
    return moment if moment is not None and moment < state.due else None


def _apologise_at(filing: Filing, state: ClockState) -> datetime | None:
    """The time, before the limit ends, at which an apology with another appointment is drafted.

    None for a short limit, after a postponement, and in procedures with approval by silence. After an apology for
    lateness, the time is the end of the date that this apology promises.
    """
    if state.overdue:
        return None if state.apologised_at else state.expected_at
    silent = filing.procedure.silent_officer is not None
    due_one = state.clock is Clock.PROCESSING and not silent and not postponements(filing)
    if not due_one or state.apologised_at is not None or working_time.short(state.limit, filing.calendar):
        return None
    before = working_time.before(state.due, filing.procedure.limits.apology, filing.calendar)
    return before if before > state.started else None


def postponements(filing: Filing) -> int:
    """The number of times the promised day of the result was postponed, by an extension or another appointment."""
    return filing.extensions + filing.reappointed


def silence_approves(filing: Filing) -> bool:
    """Whether the filing is approved at the end of its processing limit if nobody decides."""
    return filing.decision is None and filing.procedure.silent_officer is not None


def has_run_out(state: ClockState, now: datetime) -> bool:
    """Whether the time of a running clock has ended."""
    return not state.paused and now >= state.due


def silence_has_approved(filing: Filing, now: datetime) -> bool:
    """Whether silence has approved the filing, even if the timer has not fired yet."""
    state = filing.clocks.get(Clock.PROCESSING)
    return state is not None and silence_approves(filing) and has_run_out(state, now)


def put_off_at_most(filing: Filing) -> Limit:
    """The longest possible postponement of an appointment."""
    processing = _own_processing_limit(filing)
    again = processing.model_copy(update={"amount": max(processing.amount, 1)})
    return filing.procedure.limits.reappointment or again


def put_off(filing: Filing, state: ClockState, by: Limit) -> datetime:
    """The new due time of a clock whose limit is prolonged by `by`."""
    return _due(filing, state, _longer(state.limit, by))


def _due(filing: Filing, state: ClockState, limit: Limit) -> datetime:
    """The end of `limit` on this clock: as an applicant's limit, or as an agency's with its pauses and its cut-off."""
    demanded = filing.obligation is not None and filing.obligation.amount is not None
    if state.clock in _OF_THE_APPLICANT or (state.clock is Clock.OBLIGATION and demanded):
        return working_time.applicant_due(state.started, limit, filing.calendar)
    pauses = closed_pauses(state)
    return working_time.due(state.started, limit, filing.calendar, pauses=pauses, cut_off=state.cut_off)


def stretched(filing: Filing) -> Iterator[Stretch]:
    """The total additional time for the processing, as one sum for each kind of event."""
    runs = [state for state in clock_history(filing) if state.clock is Clock.PROCESSING]
    if runs and filing.case is not None:
        usual = processing_limit(filing.procedure, filing.model_copy(update={"case": None}), received_on(filing))
        by = max(_own_processing_limit(filing).amount - usual.amount, 0)
        yield Stretch(kind="case_applied", by=usual.model_copy(update={"amount": by}))
    yield from _added(runs[-1].extensions if runs else ())
    if days := suspended(filing):
        yield Stretch(kind="suspended", by=filing.procedure.limits.suspension.model_copy(update={"amount": days}))


def _added(extensions: tuple[Extension, ...]) -> Iterator[Stretch]:
    for kind in dict.fromkeys(extension.kind for extension in extensions):
        by = [extension.by for extension in extensions if extension.kind == kind]
        yield Stretch(kind=kind, by=Limit(amount=sum(one.amount for one in by), unit=by[0].unit))


def suspended(filing: Filing) -> int:
    """The time of all suspensions, in the unit of their limit; a running suspension counts with its whole limit."""
    runs = (state for state in clock_history(filing) if state.clock is Clock.SUSPENSION)
    return sum(
        state.limit.amount
        if state.ended is None
        else working_time.elapsed(state.started, state.ended, state.limit.unit, filing.calendar)
        for state in runs
    )


def _longer(limit: Limit, by: Limit) -> Limit:
    return Limit(amount=limit.amount + by.amount, unit=limit.unit)


def closed_pauses(state: ClockState) -> tuple[tuple[datetime, datetime], ...]:
    """The finished pauses of a clock, each with its begin and end."""
    return tuple((pause.since, pause.until) for pause in state.pauses if pause.until is not None)


def _own_processing_limit(filing: Filing) -> Limit:
    return processing_limit(filing.procedure, filing, received_on(filing))


def processing_limit(rules: ProcedureRules, filing: Filing, received: date) -> Limit:
    """The limit of the case that an officer determined; else of the first case that applies; else the general limit."""
    held = (case for case in rules.cases if case.when and hold(case.when, filing, received))
    found = next((case for case in rules.cases if case.code == filing.case), None) or next(held, None)
    return rules.limits.processing if found is None else found.processing


def _intake_limit(filing: Filing) -> Limit:
    limits = filing.procedure.limits
    own = {Channel.COUNTER: limits.intake_at_counter, Channel.POST: limits.intake_by_post}
    return own.get(filing.channel) or limits.intake


def _obligation_limit(filing: Filing) -> Limit:
    step = filing.begun_step
    rule = None if step is None else step.obligation
    if rule is None or filing.obligation is None:
        raise ValueError("this step has no obligation")
    return rule.answer if filing.obligation.amount is None else rule.pay


_LIMITS: Final[dict[Clock, Callable[[Filing], Limit]]] = {
    Clock.INTAKE: _intake_limit,
    Clock.SUPPLEMENT: lambda filing: filing.procedure.supplement_limit,
    Clock.PAYMENT: lambda filing: require(filing.procedure.fee).limit,
    Clock.PROCESSING: _own_processing_limit,
    Clock.STEP: lambda filing: require(filing.begun_step).limit,
    Clock.OBLIGATION: _obligation_limit,
    Clock.CONFIRMATION: lambda filing: require(require(filing.begun_step).draft).answer,
    Clock.ISSUE: lambda filing: filing.procedure.limits.issue,
    Clock.DELIVERY: lambda filing: filing.procedure.limits.delivery,
    Clock.READING: lambda filing: filing.procedure.limits.reading or filing.procedure.limits.pickup,
    Clock.PICKUP: lambda filing: filing.procedure.limits.pickup,
    Clock.SUSPENSION: lambda filing: filing.procedure.limits.suspension,
    Clock.TRANSFER: lambda filing: filing.procedure.limits.transfer,
    Clock.APPEAL: lambda filing: filing.procedure.limits.appeal,
    Clock.SUCCESSION: lambda filing: require(filing.procedure.succession),
}


def moments(filing: Filing, state: ClockState) -> Iterator[Timer]:
    """The timers of a running clock; none if the clock is paused.

    If the clock is overdue, its only timer is for the next apology; it has none if no apology is planned.
    """
    if state.paused or state.clock in _SHOWN_ONLY:
        return
    if state.overdue:
        if state.apologise_at is not None:
            yield Timer(clock=state.clock, due=state.apologise_at, moment=Moment.APOLOGY)
        return
    if state.remind_at is not None:
        yield Timer(clock=state.clock, due=state.remind_at, moment=Moment.REMINDER)
    if state.apologise_at is not None:
        yield Timer(clock=state.clock, due=state.apologise_at, moment=Moment.APOLOGY)
    yield Timer(clock=state.clock, due=_told_by(filing, state))


def _told_by(filing: Filing, state: ClockState) -> datetime:
    """The time of the clock's last timer, by which payments and hand-overs made within the clock's limit are known."""
    if state.clock is Clock.PAYMENT and filing.fee is not None and filing.fee.channel is Channel.ONLINE:
        return state.due + BANK_ANSWERS
    return recorded_by(filing, state) if state.clock is Clock.SUPPLEMENT else state.due


def recorded_by(filing: Filing, state: ClockState) -> datetime:
    """The time until which the desk may record papers that were handed over within the limit of a supplement.

    For a limit in days, this time is the close of the next working day. While a request for more time has no answer, it
    is the end of the limit, since the missing answer is recorded then.
    """
    if state.limit.unit not in working_time.IN_DAYS or more_time_open(filing):
        return state.due
    return working_time.due(state.due, _NEXT_CLOSE, filing.calendar)


_NEXT_CLOSE: Final = Limit(amount=0, unit=Unit.WORKING_DAYS)


def more_time_open(filing: Filing) -> bool:
    """Whether the applicant's request for more time waits for its answer."""
    return filing.supplement is not None and filing.supplement.more_time is MoreTime.REQUESTED


def clock_history(filing: Filing) -> tuple[ClockState, ...]:
    """Every run of every clock, in the order of their starts."""
    return tuple(sorted((*filing.past_clocks, *filing.clocks.values()), key=lambda state: (state.started, state.clock)))
