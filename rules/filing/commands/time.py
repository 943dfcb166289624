"""Commands that stop, extend or end the time of a filing."""

from datetime import datetime
from itertools import chain
from typing import Final

from rules.filing import clocks
from rules.filing.commands.money import fee_lapsed
from rules.filing.fold import current_step, missing_opinions, nothing_on_its_way, stage
from rules.filing.permission import at, at_stage, being_handled, undecided
from rules.rule import SYSTEM, Rule, always, refuse
from rules.time import working_time
from schemas.errors import Problem, problem
from schemas.filing import commands as cm
from schemas.filing import events as ev
from schemas.filing.events import EFFECTS, Clock, Events, Moment, Outcome
from schemas.filing.state import ClockState, Filing, Stage
from schemas.level import Channel
from schemas.limit import Limit
from schemas.people import Actor, Role
from schemas.publishing.procedure import Silence
from schemas.publishing.procedure_rules import CasePart

_UNDER_REVIEW: Final = (Stage.REVIEW, Stage.CONFIRMATION)


def _may_stop(filing: Filing, __: Actor, _: datetime) -> Problem | None:
    wrong = at_stage(filing, *_UNDER_REVIEW, Stage.OBLIGATION, Stage.FEE, Stage.SUSPENDED)
    return wrong or undecided(filing) or being_handled(filing)


def _stop(filing: Filing, command: cm.Stop, _: datetime) -> Events:
    said = {"officer": command.actor.subject, "reason": command.reason, "legal_basis": command.legal_basis}
    for name in _ONLY_OF[command.mode]:
        if getattr(command, name) is not None:
            raise refuse(problem(name, _NOT_OF[command.mode]))
    if command.mode is cm.StopMode.END:
        unproposed = filing.proposal is None or filing.proposal.outcome is not Outcome.REFUSED
        own_reason = command.unproposed_reason if unproposed else None
        if unproposed and own_reason is None:
            raise refuse(problem("unproposed_reason", "reason_required", says="unproposed_reason_required"))
        return (ev.Stopped(**said, unproposed=unproposed, unproposed_reason=own_reason),)
    if stage(filing) is not Stage.REVIEW:
        raise refuse(problem("mode", "suspend_only_in_review"))
    _suspended_within(filing, longer(filing.procedure.limits.suspension, command.limit, "limit"), "limit")
    return (ev.Suspended(**said, limit=command.limit, awaits=command.awaits),)


_ONLY_OF: Final = {cm.StopMode.END: ("limit", "awaits"), cm.StopMode.SUSPEND: ("unproposed_reason",)}
"""For each mode of the command `stop`, the fields that are refused, since they belong to the other mode."""
_NOT_OF: Final = {cm.StopMode.END: "only_for_suspension", cm.StopMode.SUSPEND: "only_for_end"}


def _within(limit: Limit, most: Limit, name: str) -> None:
    """Refuses a limit that is longer than `most`, zero, or in another unit."""
    if limit.unit is not most.unit or not 0 < limit.amount <= most.amount:
        raise refuse(problem(name, "too_far", most=most.words))


def _suspended_within(filing: Filing, by: Limit, name: str) -> None:
    """Refuses a further or a longer suspension if all suspensions together would be longer than the law allows."""
    most = filing.procedure.limits.suspensions
    left = None if most is None else max(most.amount - clocks.suspended(filing), 0)
    if left is not None and by.amount > left:
        raise refuse(problem(name, "suspended_long_enough", left=Limit(amount=left, unit=by.unit).words))


def _prolong(filing: Filing, command: cm.Prolong, now: datetime) -> Events:
    by = longer(filing.procedure.limits.suspension, command.by)
    _suspended_within(filing, by, "by")
    still_to_come(filing, Clock.SUSPENSION, by, now, problem("by", "end_over"))
    return (ev.SuspensionProlonged(officer=command.actor.subject, by=by, reason=command.reason),)


def longer(most: Limit, by: Limit | None, name: str = "by") -> Limit:
    """The requested time, or the longest possible by default.

    Raises `RefusalError` for a time that is longer than the longest possible one, zero, or in another unit.
    """
    if by is not None:
        _within(by, most, name)
    return by or most


def still_to_come(filing: Filing, clock: Clock, by: Limit, now: datetime, over: Problem) -> None:
    """Refuses a postponement whose new due time would already be in the past; `over` is the problem to raise."""
    if clocks.put_off(filing, filing.clocks[clock], by) <= now:
        raise refuse(over)


def _may_extend(filing: Filing, _: Actor, now: datetime) -> Problem | None:
    rule = filing.procedure.extension
    if (wrong := at_stage(filing, *_UNDER_REVIEW)) is not None:
        return wrong
    if rule is None:
        return problem("", "no_extension")
    return _may_postpone(filing, rule.times, rule.notice, now) or _too_long(filing, rule.by)


def _too_long(filing: Filing, by: Limit, field: str = "") -> Problem | None:
    """Refuses additional time if the processing limit would be longer than the law allows."""
    most, limit = filing.procedure.limits.longest, filing.clocks[Clock.PROCESSING].limit
    if most is None or limit.unit is not most.unit or limit.amount + by.amount <= most.amount:
        return None
    return problem(field, "stretched_long_enough", most=most.words)


def _may_postpone(filing: Filing, times: int, notice: Limit, now: datetime) -> Problem | None:
    """Refuses a postponement if there were too many earlier ones, or if the due time is too close."""
    if clocks.postponements(filing) >= times:
        return problem("", "postponed_already", times=times)
    in_time = _in_time(filing, notice, now)
    return None if in_time else problem("", "too_late_to_postpone", notice=notice.words)


def _in_time(filing: Filing, notice: Limit, now: datetime) -> bool:
    return now <= working_time.before(filing.clocks[Clock.PROCESSING].due, notice, filing.calendar)


def _extend(filing: Filing, command: cm.Extend, _: datetime) -> Events:
    rule = filing.procedure.extension
    if rule is None:
        return ()
    return (ev.Extended(officer=command.actor.subject, by=rule.by, reason=command.reason),)


def _may_apply_case(filing: Filing, _: Actor, now: datetime) -> Problem | None:
    if wrong := at_stage(filing, *_UNDER_REVIEW) or undecided(filing):
        return wrong
    if not _cases(filing):
        return problem("", "no_cases")
    if filing.case is not None:
        return problem("", "case_applied_already")
    return problem("", "too_late_for_case") if now >= filing.clocks[Clock.PROCESSING].due else None


def _cases(filing: Filing) -> dict[str, CasePart]:
    """The cases (other processing limits), by code, that apply only by an officer's decision, not by conditions."""
    return {case.code: case for case in filing.procedure.cases if not case.when}


def _apply_case(filing: Filing, command: cm.ApplyCase, _: datetime) -> Events:
    cases = _cases(filing)
    if command.case not in cases:
        raise refuse(problem("case", "unknown_case", names=", ".join(cases)))
    state, limit = filing.clocks[Clock.PROCESSING], cases[command.case].processing
    more = limit.amount - state.limit.amount + sum(extension.by.amount for extension in state.extensions)
    if (why := _too_long(filing, limit.model_copy(update={"amount": more}), "case")) is not None:
        raise refuse(why)
    said = {"officer": command.actor.subject, "reason": command.reason}
    return (ev.CaseApplied(**said, case=command.case, limit=limit),)


def _may_reappoint(filing: Filing, _: Actor, now: datetime) -> Problem | None:
    silent = problem("", "silence_approves") if clocks.silence_approves(filing) else None
    return _while_awaited(filing) or silent or _may_postpone(filing, ONCE, filing.procedure.limits.notice, now)


ONCE: Final = 1
"""The maximum number of other appointments for a result (Decree 61/2018 art. 19 k9)."""


def _while_awaited(filing: Filing) -> Problem | None:
    """Refuses a command outside the review and the making of a result, and while a lost copy is being replaced."""
    wrong = at_stage(filing, *_UNDER_REVIEW, Stage.ISSUE)
    return wrong or (problem("", "decided_already") if filing.lost_copy else None)


def _reappoint(filing: Filing, command: cm.Reappoint, now: datetime) -> Events:
    by = longer(clocks.put_off_at_most(filing), command.by)
    if (why := _too_long(filing, by, "by")) is not None:
        raise refuse(why)
    still_to_come(filing, Clock.PROCESSING, by, now, problem("by", "appointment_over"))
    return (ev.Reappointed(officer=command.actor.subject, by=by, reason=command.reason),)


def _may_apologise(filing: Filing, _: Actor, now: datetime) -> Problem | None:
    if _intake_was_late(filing):
        return at_stage(filing, Stage.INTAKE, *_UNDER_REVIEW, Stage.ISSUE)
    if (wrong := _while_awaited(filing)) is not None:
        return wrong
    if now < filing.clocks[Clock.PROCESSING].due:
        return problem("", "not_late")
    expected = filing.clocks[Clock.PROCESSING].expected_at
    return problem("", "apologised_already") if expected is not None and now < expected else None


def _intake_was_late(filing: Filing) -> bool:
    """Whether the intake was late, and nobody has apologised for it."""
    return Clock.INTAKE in filing.overdue and not filing.intake_apologised


def _apologise(filing: Filing, command: cm.Apologise, _: datetime) -> Events:
    clock = Clock.INTAKE if _intake_was_late(filing) else Clock.PROCESSING
    state = filing.clocks.get(clock)
    most = clocks.put_off_at_most(filing) if state is None or clock is not Clock.INTAKE else state.limit
    by = longer(most, command.by)
    told = None if state is None else by
    return (ev.Apologised(officer=command.actor.subject, clock=clock, by=told, reason=command.reason),)


def _timer_fired(filing: Filing, command: cm.TimerFired, now: datetime) -> Events:
    state = filing.clocks.get(command.clock)
    ringing = () if state is None else clocks.moments(filing, state)
    timer = next((timer for timer in ringing if timer.moment is command.moment), None)
    if state is None or timer is None or now < timer.due:
        raise refuse(problem("clock", "not_due"))
    if command.moment is Moment.REMINDER:
        return (ev.Reminded(clock=command.clock, due=state.due),)
    if command.moment is Moment.APOLOGY:
        return (_apology(filing, state, now),)
    return _expire(filing, state)


def _apology(filing: Filing, state: ClockState, now: datetime) -> ev.ApologyDrafted:
    """The draft of an apology, with another appointment for a result if there is time to announce it."""
    announced = state.clock is Clock.PROCESSING and _in_time(filing, filing.procedure.limits.notice, now)
    proposed = clocks.put_off(filing, state, clocks.put_off_at_most(filing)) if announced else None
    return ev.ApologyDrafted(clock=state.clock, due=state.promised, proposed=proposed)


def lapsed_before(filing: Filing, command: cm.Command, events: Events, now: datetime) -> Events:
    """The `overdue` events of clocks that the command changes, and that ran out before their timers fired."""
    if command.kind == "timer_fired" or clocks.silence_approves(filing):
        return ()
    touched = _touched(events)
    late = (state for clock, state in filing.clocks.items() if clock in touched and clocks.has_run_out(state, now))
    said = (_expire(filing, state) for state in late if not state.overdue)
    return tuple(chain.from_iterable(run_out for run_out in said if run_out[0].kind == "overdue"))


def _touched(events: Events) -> frozenset[Clock]:
    """The agency's clocks that the events change."""
    if any(event.kind == "calendar_changed" for event in events):
        return clocks.OF_THE_AGENCY
    apologised = (event.clock for event in events if isinstance(event, ev.Apologised))
    changed = (clock for event in events for clock in EFFECTS[event.kind])
    return clocks.OF_THE_AGENCY.intersection((*apologised, *changed))


def _expire(filing: Filing, state: ClockState) -> Events:  # noqa: PLR0911 -- one line for each clock
    """The events that follow when the time of a clock has ended."""
    if state.clock is Clock.SUPPLEMENT and not clocks.more_time_open(filing):
        return (ev.SupplementExpired(n=filing.supplements),)
    if state.clock is Clock.SUCCESSION:
        return (ev.Lapsed(),) if nothing_on_its_way(filing) else (ev.Overdue(clock=Clock.SUCCESSION, due=state.due),)
    if state.clock is Clock.STAY:
        return tuple(ev.StayOver(complaint=stay.complaint, stay=stay.stay, lapsed=True) for stay in filing.stays)
    if state.clock is Clock.CONFIRMATION:
        return (ev.DraftConfirmed(n=filing.drafts, silent=True),)
    fee = filing.fee
    if state.clock is Clock.PAYMENT and fee is not None and fee.channel is not Channel.ONLINE:
        return fee_lapsed(filing, fee)
    step = current_step(filing)
    if state.clock is Clock.STEP and step and step.consult and step.consult.silence is Silence.CONSENT:
        return (ev.ConsultationClosed(step=step.code, silent=missing_opinions(filing, step)),)
    late = ev.Overdue(clock=state.clock, due=state.due)
    return (late,) if state.clock is not Clock.PROCESSING else _processing_over(filing, state, late)


def _processing_over(filing: Filing, state: ClockState, late: ev.Overdue) -> Events:
    rules = filing.procedure
    if clocks.silence_approves(filing):
        officer, basis = str(rules.silent_officer), rules.silent_basis
        return (late, ev.Decided(outcome=Outcome.APPROVED, officer=officer, silence=basis))
    return (late,) if state.apologised_at else (late, ev.ApologyDrafted(due=state.due))


def _change_calendar(filing: Filing, command: cm.ChangeCalendar, now: datetime) -> Events:
    if clocks.silence_has_approved(filing, now):
        raise refuse(problem("", "silence_has_approved", says="silence_is_approval"))
    if command.calendar == filing.calendar:
        raise refuse(problem("calendar", "in_force"))
    return (ev.CalendarChanged(calendar=command.calendar),)


RULES: Final[dict[str, Rule[Filing]]] = {
    "stop": Rule((Role.LEADER,), _may_stop, _stop),
    "resume": Rule(
        (Role.LEADER,), at(Stage.SUSPENDED), lambda _, command, __: (ev.Resumed(officer=command.actor.subject),)
    ),
    "prolong": Rule((Role.LEADER,), at(Stage.SUSPENDED), _prolong),
    "extend": Rule((Role.LEADER,), _may_extend, _extend),
    "apply_case": Rule((Role.SPECIALIST, Role.LEADER), _may_apply_case, _apply_case),
    "reappoint": Rule((Role.LEADER,), _may_reappoint, _reappoint),
    "apologise": Rule((Role.LEADER,), _may_apologise, _apologise),
    "timer_fired": Rule(SYSTEM, at(*(set(Stage) - {Stage.DRAFT, Stage.CLOSED})), _timer_fired),
    "change_calendar": Rule(SYSTEM, always, _change_calendar),
}
