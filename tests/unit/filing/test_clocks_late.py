"""Late clocks, their reminders and apologies; other calendars; cases in which a procedure has another limit."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final

import pytest

from rules.filing import lifecycle
from rules.filing.clocks import put_off_at_most
from schemas.filing import events as ev
from schemas.filing.events import CaseApplied
from schemas.limit import Limit, Unit
from schemas.people import Actor
from tests.unit.filing.clocks import IDENTITY, SILENT, events, off, referred, supplied, suspended, tells, vn, without
from tests.unit.filing.lives import (
    ADDRESS,
    APPLICANT,
    APPRAISE,
    BUSY,
    CALENDAR,
    CASHIER,
    DECIDE,
    EXTENSION,
    LEADER,
    RECEPTION,
    SPECIALIST,
    START,
    STOP,
    TAX,
    TEAM_LEAD,
    VERIFY,
    Life,
    at,
    fee,
    limited,
    local,
    procedure,
)

ASKED_LATE: Final = {"supplement_within": "20 working days"}


def test_what_ran_out_before_it_was_paused_is_late_although_its_timer_had_not_rung() -> None:
    life = at(VERIFY, **ASKED_LATE).until("2026-12-02 17:30").supplement_requested(SPECIALIST, IDENTITY)
    late = {event.clock: vn(event.due) for event in events(life, ev.Overdue)}
    assert late == {"step": "2026-11-30 17:00", "processing": "2026-12-02 17:00"}
    assert (life.kinds[-1], set(life.filing.overdue)) == ("supplement_requested", {"step", "processing"})
    assert life.kinds.count("apology_drafted") == 1
    assert life.rung().kinds.count("overdue") == 2


@pytest.mark.parametrize("finished", ["2026-11-30 17:00", "2026-11-30 17:30"], ids=["at its end", "later"])
def test_what_ran_out_before_somebody_finished_it_is_late_although_its_timer_had_not_rung(finished: str) -> None:
    life = at(VERIFY).until(finished).do("forward", SPECIALIST)
    assert life.kinds[-3:] == ["overdue", "forwarded", "step_started"]
    (verify,) = (state for state in life.filing.past_clocks if state.clock == "step")
    assert (verify.outcome, verify.overdue) == ("on_time", True)  # by its date; the minute of the close was over


def test_what_was_late_and_stands_still_is_so_no_more_when_the_pause_began_before_its_new_end() -> None:
    life = at(VERIFY, resumption={"supplement": "resume"}, **ASKED_LATE).until("2026-11-30 17:00").rung()
    life.until("2026-12-01 09:00").supplement_requested(SPECIALIST, IDENTITY)
    assert life.clock("step").overdue
    life.until("2026-12-03 08:00").do("change_calendar", **off(date(2026, 11, 30)))
    assert (life.clock("step").overdue, life.filing.overdue) == (False, ())
    supplied(life)
    assert "due" in tells(life, "step")


def test_a_moment_before_that_of_a_timer_turns_no_pause_round() -> None:
    life = at(VERIFY, supplement_rounds=2, resumption={"supplement": "resume"})
    life.until("2026-11-26 09:00").supplement_requested(SPECIALIST, IDENTITY)
    supplied(life.until("2026-11-26 08:59"))
    life.until("2026-11-26 08:58").supplement_requested(SPECIALIST, IDENTITY)
    first, second = life.clock("processing").pauses
    assert (vn(first.since), first.until, second.since) == ("2026-11-26 09:00", first.since, first.since)
    assert vn(supplied(life.until("2026-11-26 10:00")).clock("processing").due) == "2026-12-03 17:00"


def test_a_limit_that_was_extended_starts_again_as_long_as_it_had_become() -> None:
    life = at(VERIFY, **EXTENSION).do("extend", LEADER, **BUSY).supplement_requested(SPECIALIST, IDENTITY)
    supplied(life.until("2026-11-26 09:00"))
    processing = life.clock("processing")
    assert (str(processing.limit), len(processing.extensions), vn(processing.due)) == (
        "8 working days",
        1,
        "2026-12-08 17:00",
    )


def test_days_off_that_are_declared_late_move_the_reminder_and_the_apology_too() -> None:
    life = at(VERIFY | {"limit": "20 working days"}).until("2026-12-01 17:00").rung()
    assert life.clock_events == [("processing", "apology_drafted"), ("processing", "reminded")]
    life.until("2026-12-02 09:00").do("change_calendar", **off(date(2026, 11, 26), date(2026, 11, 27)))
    moments = {"apology": "2026-12-02 17:00", "reminder": "2026-12-03 17:00", "due": "2026-12-04 17:00"}
    assert tells(life, "processing") == moments
    assert life.until("2026-12-03 17:00").rung().clock_events[-2:] == [
        ("processing", "apology_drafted"),
        ("processing", "reminded"),
    ]


VERIFIED: Final = {"code": "verified", "processing": "5 working days"}
URGENT: Final = {"code": "urgent", "processing": "1 working days", "when": [{"field": "urgent", "one_of": [True]}]}
BULK: Final = {"code": "bulk", "processing": "9 working days", "when": [{"field": "copies", "at_least": 2}]}


def accepted(*cases: dict[str, Any], **form: Any) -> Life:
    return Life(procedure(cases=cases, **limited(processing="0 working days")), form={"name": "An"} | form).accepted()


@pytest.mark.parametrize(
    ("form", "due"),
    [
        ({}, "2026-11-25 17:00"),
        ({"urgent": True}, "2026-11-26 17:00"),
        ({"copies": 2}, "2026-12-08 17:00"),
        ({"copies": 2, "urgent": True}, "2026-11-26 17:00"),
    ],
)
def test_the_first_case_that_fits_what_was_filed_says_the_limit(form: dict[str, Any], due: str) -> None:
    assert accepted(VERIFIED, URGENT, BULK, **form).clock("processing").due == local(due)


@pytest.mark.parametrize("actor", [SPECIALIST, LEADER])
def test_an_officer_finds_that_a_case_applies_and_its_limit_runs_from_the_same_moment(actor: Actor) -> None:
    life = accepted(VERIFIED).wait(hours=1)
    life.do("apply_case", actor, case="verified", reason="cần xác minh")
    clock = life.clock("processing")
    assert (clock.started, clock.due) == (START, local("2026-12-02 17:00"))
    assert life.filing.case == "verified"
    applied = life.log[-1].event
    assert isinstance(applied, CaseApplied)
    assert (applied.limit, applied.officer) == (Limit(amount=5, unit=Unit.WORKING_DAYS), actor.subject)


def test_a_case_stays_when_the_limit_starts_again_and_bounds_an_appointment() -> None:
    life = accepted(VERIFIED, URGENT, urgent=True).do("claim", SPECIALIST)
    life.do("apply_case", SPECIALIST, case="verified", reason="cần xác minh")
    life.supplement_requested(SPECIALIST, ("field", "copies")).until("2026-11-30 08:00")
    life.do("supplement", life.log[0].actor, form={"copies": 1})
    assert life.clock("processing").due == local("2026-12-07 17:00")
    life = accepted(VERIFIED).do("apply_case", LEADER, case="verified", reason="cần xác minh")
    assert put_off_at_most(life.filing) == Limit(amount=5, unit=Unit.WORKING_DAYS)


@pytest.mark.parametrize(
    ("cases", "actor", "case", "problem"),
    [
        ((), SPECIALIST, "verified", ("", "no_cases")),
        ((URGENT,), SPECIALIST, "urgent", ("", "no_cases")),
        ((VERIFIED, URGENT), SPECIALIST, "urgent", ("case", "unknown_case")),
        ((VERIFIED,), SPECIALIST, "far", ("case", "unknown_case")),
        ((VERIFIED,), CASHIER, "verified", ("actor.role", "role_not_allowed")),
        ((VERIFIED,), RECEPTION, "verified", ("actor.role", "role_not_allowed")),
    ],
)
def test_a_case_refused(cases: tuple[dict[str, Any], ...], actor: Actor, case: str, problem: tuple[str, str]) -> None:
    assert accepted(*cases).refusal("apply_case", actor, case=case, **BUSY) == [problem]


def test_a_case_is_applied_once_before_the_limit_ends_and_in_the_review() -> None:
    before = Life(procedure(cases=[VERIFIED]))
    assert before.refusal("apply_case", SPECIALIST, case="verified", **BUSY) == [("", "wrong_stage")]
    over = accepted(VERIFIED).until("2026-11-25 17:00")
    assert over.refusal("apply_case", SPECIALIST, case="verified", **BUSY) == [("", "too_late_for_case")]
    once = accepted(VERIFIED).do("apply_case", SPECIALIST, case="verified", **BUSY)
    assert once.refusal("apply_case", LEADER, case="verified", **BUSY) == [("", "case_applied_already")]


@pytest.mark.parametrize(
    ("limit", "reminder", "apology", "due"),
    [
        ("2 working days", "2026-11-26 17:00", "2026-11-25 17:00", "2026-11-27 17:00"),
        ("9 working hours", "2026-11-25 11:00", None, "2026-11-26 11:00"),
        ("3 calendar days", "2026-11-27 17:00", "2026-11-26 17:00", "2026-11-30 17:00"),  # a Saturday, so Monday
        ("8 working hours", "2026-11-25 16:00", None, "2026-11-26 10:00"),
        ("1 working hours", "2026-11-25 10:30", None, "2026-11-25 11:00"),
        ("1 working days", "2026-11-26 11:00", None, "2026-11-26 17:00"),  # half of 8 hours
        ("1 calendar days", "2026-11-26 08:30", None, "2026-11-26 17:00"),  # half of 5 and 8 hours
        ("0 working days", "2026-11-25 14:30", None, "2026-11-25 17:00"),  # half of 5 hours
        ("60 seconds", "2026-11-25 10:01:00", None, "2026-11-25 10:01:30"),
    ],
)
def test_limits_of_a_day_or_less_remind_at_half_of_their_time_and_apologise_for_nothing_yet(
    limit: str, reminder: str, apology: str | None, due: str
) -> None:
    life = at(VERIFY, **limited(processing=limit))
    found = {moment: when for clock, moment, when in life.tells if clock == "processing"}
    wanted = {"reminder": reminder, "apology": apology, "due": due}
    assert found == {moment: local(when) for moment, when in wanted.items() if when}


def test_a_procedure_says_how_long_before_it_reminds_and_apologises() -> None:
    assert tells(at(VERIFY, **limited(reminder="4 working hours", apology="3 working days")), "processing") == {
        "apology": "2026-11-27 17:00",
        "reminder": "2026-12-02 11:00",  # 3½ hours of the afternoon, ½ of the morning
        "due": "2026-12-02 17:00",
    }


def test_a_reminder_at_the_instant_of_the_start_would_be_none_and_comes_at_half_of_the_time() -> None:
    life = Life(procedure(review=[VERIFY, APPRAISE, DECIDE], **limited(reminder="4 working days"))).until(
        "2026-11-25 17:00"
    )
    life.accepted()
    assert vn(life.clock("step").due) == "2026-12-01 17:00"  # four working days after the start
    assert tells(life, "step")["reminder"] == "2026-11-30 11:00"


@pytest.mark.parametrize(
    "life",
    [
        lambda: Life().supplement_requested(RECEPTION, IDENTITY),
        lambda: Life(procedure(fee=fee())).accepted(),
        lambda: referred(at(TAX)),
        lambda: Life(result_channel="post", address=ADDRESS).accepted().decided().issued(),
        lambda: Life(result_channel="counter").accepted().decided().issued(),
    ],
    ids=["supplement", "payment", "obligation", "delivery", "pickup"],
)
def test_nobody_is_reminded_of_what_others_have_to_do(life: Callable[[], Life]) -> None:
    assert {moment for _, moment, _ in life().tells} == {"due"}


def notices(life: Life) -> list[tuple[str, str, str | None, str, tuple[str, ...]]]:
    """Returns the tasks about clocks: name, role, officer, due time and actions of each."""
    tasks = [task for task in lifecycle.tasks(life.filing, life.now) if ":" in task.name]
    return [(task.name, task.role, task.officer, vn(task.due), task.actions) for task in tasks]


def test_a_reminder_is_a_task_of_the_officer_and_of_the_leader_until_the_clock_is_due_or_stands_still() -> None:
    life = at(VERIFY).until("2026-11-27 17:00").rung()
    due = "2026-11-30 17:00"
    told = [("reminder:step", "specialist", "specialist-1", due, ()), ("reminder:step", "leader", None, due, ())]
    assert (life.clock_events, notices(life)) == ([("step", "reminded")], told)
    assert [event.due for event in events(life, ev.Reminded)] == [local(due)]
    assert notices(suspended(life)) == []
    assert notices(life.do("resume", LEADER)) == told
    life.until(due).rung()
    assert [notice[0] for notice in notices(life)] == ["apology:processing"]
    assert life.queues == ["specialist", "team_lead", "leader"]


def test_a_leader_whose_step_it_is_is_reminded_once() -> None:
    life = Life().accepted().proposed().do("claim", LEADER).until("2026-11-26 11:00").rung()
    assert notices(life) == [("reminder:step", "leader", "leader-1", "2026-11-26 17:00", ())]


def test_an_apology_with_a_new_appointment_is_drafted_a_working_day_before_it_must_be_announced() -> None:
    life = at(VERIFY).until("2026-11-30 16:59").rung()
    assert events(life, ev.ApologyDrafted) == []
    life.until("2026-11-30 17:00").rung()
    assert events(life, ev.ApologyDrafted) == [
        ev.ApologyDrafted(due=local("2026-12-02 17:00"), proposed=local("2026-12-09 17:00"))
    ]
    assert notices(life)[-1] == ("apology:processing", "leader", None, "2026-12-02 17:00", ("reappoint",))
    life.do("reappoint", LEADER, **BUSY)
    assert notices(life) == []
    assert tells(life, "processing") == {"reminder": "2026-12-08 17:00", "due": "2026-12-09 17:00"}
    life.until("2026-12-09 17:00").rung()
    assert events(life, ev.ApologyDrafted)[1:] == [ev.ApologyDrafted(due=local("2026-12-09 17:00"))]


def test_an_apology_asks_for_an_appointment_only_while_one_can_be_given() -> None:
    for minute, proposed in (("2026-12-01 17:00", local("2026-12-09 17:00")), ("2026-12-01 17:01", None)):
        [drafted] = events(at(VERIFY).until(minute).rung(), ev.ApologyDrafted)
        assert drafted == ev.ApologyDrafted(due=local("2026-12-02 17:00"), proposed=proposed)
    life = at(VERIFY).until("2026-11-30 17:00").rung()
    assert notices(suspended(life)) == []
    life.do("resume", LEADER)
    for minute, asked in (("2026-12-01 17:00", ("reappoint",)), ("2026-12-01 17:01", ())):
        life.until(minute)
        assert [notice[-1] for notice in notices(life) if notice[0].startswith("apology")] == [asked]


def test_for_a_short_limit_the_apology_is_drafted_when_it_is_over() -> None:
    life = at(VERIFY, **limited(processing="1 working days")).until("2026-11-26 16:59").rung()
    assert life.clock_events == [("processing", "reminded")]
    life.until("2026-11-26 17:00").rung()
    assert life.kinds[-2:] == ["overdue", "apology_drafted"]
    assert events(life, ev.ApologyDrafted) == [ev.ApologyDrafted(due=local("2026-11-26 17:00"))]


def test_where_silence_approves_nobody_apologises_before_it_is_late() -> None:
    life = at(VERIFY, **SILENT)
    assert tells(life, "processing") == {"reminder": "2026-12-01 17:00", "due": "2026-12-02 17:00"}
    life.until("2026-12-02 17:00").rung()
    assert life.kinds[-2:] == ["overdue", "decided"]
    assert events(life, ev.ApologyDrafted) == []
    life = Life(procedure(**SILENT)).accepted().decided().do("change_calendar", **without(26))
    assert tells(life, "processing") == {"reminder": "2026-12-02 17:00", "due": "2026-12-03 17:00"}
    life.until("2026-12-03 16:59").rung()
    assert events(life, ev.ApologyDrafted) == []
    life.until("2026-12-03 17:00").rung()
    assert life.kinds[-2:] == ["overdue", "apology_drafted"]


def test_what_is_late_is_apologised_for_by_the_leader_with_another_date_and_stays_late() -> None:
    life = at(VERIFY).until("2026-12-02 16:59").rung()
    assert life.refusal("apologise", LEADER, **BUSY) == [("", "not_late")]
    life.until("2026-12-02 17:00").rung()
    for actor in (SPECIALIST, TEAM_LEAD, APPLICANT):
        assert life.refusal("apologise", actor, **BUSY) == [("actor.role", "role_not_allowed")]
    assert notices(life)[-1] == ("apology:processing", "leader", None, "2026-12-02 17:00", ("apologise",))
    assert life.refusal("apologise", LEADER, **BUSY, by="6 working days") == [("by", "too_far")]
    due = life.clock("processing").due
    life.do("apologise", LEADER, **BUSY, by="2 working days")
    assert (life.clock("processing").due, life.filing.overdue) == (due, ("step", "processing"))
    told = Limit(amount=2, unit=Unit.WORKING_DAYS)
    assert events(life, ev.Apologised) == [ev.Apologised(officer="leader-1", by=told, reason="quá tải")]
    assert life.refusal("apologise", LEADER, **BUSY) == [("", "apologised_already")]
    assert not [name for name, *_ in notices(life) if name.startswith("apology")]
    decided = Life(result_channel="counter").accepted().decided().until("2026-12-02 17:00").rung()
    assert decided.refusal("apologise", LEADER, **BUSY) == []
    assert decided.issued().refusal("apologise", LEADER, **BUSY) == [("", "wrong_stage")]


def test_an_apology_before_the_timer_of_the_lateness_has_fired_records_the_lateness_first() -> None:
    life = at(VERIFY).until("2026-12-02 17:00").do("apologise", LEADER, **BUSY)
    assert life.kinds[-3:] == ["overdue", "apology_drafted", "apologised"]
    assert life.clock("processing").overdue


def test_each_further_lateness_has_its_own_apology_with_its_own_date() -> None:
    life = at(VERIFY).until("2026-12-02 17:00").rung().do("apologise", LEADER, **BUSY, by="2 working days")
    for told, after in (("2026-12-07 17:00", "2026-12-15 17:00"), ("2026-12-15 17:00", "2026-12-23 17:00")):
        assert life.clock("processing").expected_at == local(told)
        assert ("processing", "apology", local(told)) in life.tells
        life.until(told).rung()
        assert events(life, ev.ApologyDrafted)[-1].due == local(told)
        assert notices(life)[-1] == ("apology:processing", "leader", None, "2026-12-02 17:00", ("apologise",))
        life.do("apologise", LEADER, **BUSY)
        assert life.clock("processing").expected_at == local(after)
    life.do("forward", SPECIALIST).decided().issued()
    assert life.clock("processing").outcome == "late"
    paused = at(VERIFY).until("2026-12-02 17:00").rung().do("apologise", LEADER, **BUSY, by="2 working days")
    paused.do("stop", LEADER, mode="suspend", **STOP).wait(hours=1).do("resume", LEADER)
    assert ("processing", "apology", local("2026-12-07 17:00")) in paused.tells, "a pause leaves the date told"


LATE: Final[dict[str, tuple[Callable[[], Life], str]]] = {
    "intake": (Life, "2026-11-26 10:00"),
    "step": (lambda: at(VERIFY), "2026-11-30 17:00"),
    "processing": (lambda: at(VERIFY), "2026-12-02 17:00"),
    "payment": (lambda: Life(procedure(fee=fee())).accepted(), "2026-12-03 00:05"),
    "obligation": (lambda: referred(at(TAX)), "2026-11-30 17:00"),
    "suspension": (lambda: suspended(at(VERIFY)), "2026-12-25 17:00"),
    "issue": (lambda: Life().accepted().decided(), "2026-11-25 16:00"),
    "delivery": (
        lambda: Life(result_channel="post", address=ADDRESS).accepted().decided().issued(),
        "2026-12-01 17:00",
    ),
    "pickup": (lambda: Life(result_channel="counter").accepted().decided().issued(), "2026-12-26 00:00"),
}


@pytest.mark.parametrize("clock", LATE)
def test_a_clock_is_late_at_its_minute_once_and_the_team_lead_has_it(clock: str) -> None:
    make, minute = LATE[clock]
    life = make()
    life.now = local(minute) - timedelta(seconds=1)
    assert (clock, "overdue") not in life.rung().clock_events
    life.until(minute).rung()
    assert life.clock_events[-1] == (clock, "overdue")
    assert life.clock_events.count((clock, "overdue")) == 1
    assert life.queues.count("team_lead") == 1
    assert tells(life, clock) == {}
    assert life.until("2027-06-01 07:00").refusal("timer_fired", clock=clock) == [("clock", "not_due")]
    assert vn(life.clock(clock).overdue_at) == minute


def test_a_clock_that_stands_still_goes_on_by_the_calendar_that_is_then_in_force() -> None:
    life = suspended(at(VERIFY).until("2026-11-27 16:00")).do("change_calendar", **without(26))
    due = local("2026-12-28 17:00")  # 30 days, to a Sunday
    assert life.tells == [("suspension", "reminder", local("2026-12-25 17:00")), ("suspension", "due", due)]
    life.until("2026-11-30 09:00").do("resume", LEADER)
    # Friday's 7 hours are used: 33 of 40 are left, 6 on Monday, three days, and 3 hours.
    assert vn(life.clock("processing").due) == "2026-12-04 17:00"


def test_the_calendar_that_is_in_force_is_refused_and_so_is_whoever_is_not_the_system() -> None:
    life = at(VERIFY)
    assert life.refusal("change_calendar", calendar=CALENDAR) == [("calendar", "in_force")]
    assert life.refusal("change_calendar", LEADER, **without(26)) == [("actor.role", "role_not_allowed")]
    life.do("change_calendar", **without(26))
    assert life.refusal("change_calendar", **without(26)) == [("calendar", "in_force")]
    closed = Life().do("withdraw", APPLICANT, reason="đổi ý")
    assert closed.refusal("change_calendar", **without(26)) == [("", "filing_closed")]


def test_what_is_late_no_more_tells_again_when_it_is_due() -> None:
    life = at(VERIFY).until("2026-11-30 17:00").rung()
    assert (life.filing.overdue, life.queues) == (("step",), ["specialist", "team_lead", "leader"])
    life.do("change_calendar", **without(30))
    assert (life.filing.overdue, life.queues) == ((), ["specialist"])
    assert tells(life, "step") == {"reminder": "2026-11-27 17:00", "due": "2026-12-01 17:00"}
    life.until("2026-12-01 17:00").rung()
    apology = ("processing", "apology_drafted")
    step = [("step", "reminded"), ("step", "overdue")]
    assert life.clock_events == [step[0], apology, step[1], step[0], apology, step[1]]
    assert [event.due for event in events(life, ev.Overdue)] == [local("2026-11-30 17:00"), local("2026-12-01 17:00")]


def test_a_step_that_was_late_before_stays_so_when_the_next_one_is_late_no_more() -> None:
    life = at(VERIFY).until("2026-11-30 17:00").rung()
    life.do("forward", SPECIALIST).until("2026-12-03 17:00").rung()  # two days, received on the 1st
    assert life.clock("step").overdue
    life.do("change_calendar", **off(date(2026, 12, 3)))
    assert not life.clock("step").overdue
    assert life.filing.overdue == ("step", "processing")  # which was due on the 2nd
