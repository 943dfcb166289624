"""The clocks of a filing: each run with its pauses, and the notices; the expected times are computed by hand.

The office is open from 07:00 to 11:30 and from 13:30 to 17:00, 8 hours, Monday to Friday. The filing is received on
Wednesday 25 November 2026 at 10:00, when 5 hours of that day are left; working days count from Thursday on.
"""

from collections.abc import Callable
from datetime import time, timedelta
from typing import Any, Final

import pytest

from rules.filing import lifecycle, projections
from schemas.filing import events as ev
from schemas.filing.state import ClockState
from tests.unit.filing.clocks import IDENTITY, SILENT, events, referred, supplied, suspended, tells, vn
from tests.unit.filing.lives import (
    APPLICANT,
    BUSY,
    CASHIER,
    ENDING,
    EXTENSION,
    FETCHED,
    HANDOVER,
    LEADER,
    RECEPTION,
    REFUSING,
    SPECIALIST,
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


def pauses(state: ClockState) -> list[tuple[str, str | None, str]]:
    return [(vn(pause.since), vn(pause.until) if pause.until else None, pause.reason) for pause in state.pauses]


def line(state: ClockState) -> tuple[str, str, str, str | None, str | None]:
    """Returns a run of a clock as a line: clock, start, due time, the event that ended the run, and the outcome."""
    return (state.clock, vn(state.started), vn(state.due), state.ended_by, state.outcome)


# The ledger.


def test_the_ledger_has_every_run_of_every_clock_in_order() -> None:
    life = Life(result_channel="counter").until("2026-11-25 16:00").supplement_requested(RECEPTION, IDENTITY)
    supplied(life.until("2026-11-27 08:00"))
    life.until("2026-11-27 09:00").accepted().until("2026-12-01 09:00").proposed()
    life.until("2026-12-03 08:00").do("claim", LEADER).do("decide", LEADER, outcome="approved")
    life.until("2026-12-03 11:00").issued().until("2026-12-07 08:00")
    life.do("hand_over", HANDOVER, **FETCHED)
    assert [line(state) for state in lifecycle.clock_history(life.filing)] == [
        ("intake", "2026-11-25 10:00", "2026-11-26 10:00", "supplemented", None),
        ("supplement", "2026-11-25 16:00", "2026-12-10 00:00", "supplemented", "early"),
        ("intake", "2026-11-27 08:00", "2026-11-30 08:00", "accepted", "early"),
        ("processing", "2026-11-27 09:00", "2026-12-04 17:00", "result_issued", "early"),
        ("step", "2026-11-27 09:00", "2026-12-01 17:00", "proposed", "on_time"),
        ("step", "2026-12-01 09:00", "2026-12-02 17:00", "decided", "late"),
        ("issue", "2026-12-03 08:00", "2026-12-03 14:00", "result_issued", "early"),
        ("pickup", "2026-12-03 11:00", "2027-01-05 00:00", "handed_over", "early"),
        ("appeal", "2026-12-07 08:00", "2027-03-09 00:00", None, None),
    ]


@pytest.mark.parametrize("way", ["paid", "waived"])
def test_the_intake_starts_again_once_a_fee_with_the_submission_is_settled(way: str) -> None:
    waivers = {"waivers": [{"code": "poor", "percent": 100, "approver": "reception"}]}
    life = Life(procedure(fee=fee("submission") | waivers)).until("2026-11-26 14:00")
    if way == "paid":
        life.do("settle_fee", n=1, settlement="paid", amount=16_000)
    else:
        life.do("waive_fee", RECEPTION, waiver="poor", reason="hộ nghèo")
    first, second = life.runs("intake")
    assert pauses(first) == [("2026-11-25 10:00", None, "fee")]
    assert line(first) == ("intake", "2026-11-25 10:00", "2026-11-26 10:00", f"fee_{way}", None)
    assert line(second) == ("intake", "2026-11-26 14:00", "2026-11-27 14:00", None, None)  # 3 hours, 4½, and ½


# Pauses: from Friday 27 November 16:00, with 15 of 40 hours used, to Monday 09:00, with 6 hours of that day left.

BEGINS: Final = "2026-11-27 16:00"
ENDS: Final = "2026-11-30 09:00"
INTERRUPTIONS: Final[dict[str, tuple[dict[str, Any], Callable[[Life], Life], Callable[[Life], Life], str | None]]] = {
    "supplement": (VERIFY, lambda life: life.supplement_requested(SPECIALIST, IDENTITY), supplied, "Đ15"),
    "suspension": (VERIFY, suspended, lambda life: life.do("resume", LEADER), "NĐ 118/2025"),
    "obligation": (TAX, referred, lambda life: life.do("fulfil_obligation", CASHIER, reference="56/GNT"), None),
}


@pytest.mark.parametrize("reason", INTERRUPTIONS)
def test_what_interrupts_the_processing_stops_its_clock_with_its_reason(reason: str) -> None:
    step, interrupt, _, basis = INTERRUPTIONS[reason]
    life = interrupt(at(step).until(BEGINS))
    processing = life.clock("processing")
    assert pauses(processing) == [(BEGINS, None, reason)]
    assert processing.pauses[0].basis == basis
    assert tells(life, "processing") == {}
    assert tells(life.until("2027-06-01 09:00"), "step") == {}
    for moment in ("reminder", "apology", "due"):
        assert life.refusal("timer_fired", clock="processing", moment=moment) == [("clock", "not_due")]


@pytest.mark.parametrize("reason", INTERRUPTIONS)
def test_the_processing_goes_on_with_the_25_hours_that_were_left(reason: str) -> None:
    step, interrupt, go_on, _ = INTERRUPTIONS[reason]
    life = interrupt(at(step, resumption={reason: "resume"}).until(BEGINS))
    go_on(life.until(ENDS))
    [processing] = life.runs("processing")
    assert pauses(processing) == [(BEGINS, ENDS, reason)]
    assert vn(processing.due) == "2026-12-03 17:00"  # 6 hours, two days, and 3 hours of a day that then counts whole
    assert tells(life, "processing") == {
        "reminder": "2026-12-02 17:00",
        "apology": "2026-12-01 17:00",
        "due": "2026-12-03 17:00",
    }


def test_a_supplement_starts_the_limits_again_and_the_rest_goes_on_unless_the_procedure_says_otherwise() -> None:
    after = {}
    for reason, (step, interrupt, go_on, _) in INTERRUPTIONS.items():
        after[reason] = vn(go_on(interrupt(at(step).until(BEGINS)).until(ENDS)).clock("processing").due)
    assert after == {
        "supplement": "2026-12-07 17:00",
        "suspension": "2026-12-03 17:00",
        "obligation": "2026-12-03 17:00",
    }


@pytest.mark.parametrize(("rule", "due"), [("resume", "2026-12-01 17:00"), ("restart", "2026-12-03 17:00")])
@pytest.mark.parametrize("reason", ["supplement", "suspension"])
def test_the_step_goes_on_in_the_same_way(reason: str, rule: str, due: str) -> None:
    step, interrupt, go_on, _ = INTERRUPTIONS[reason]
    life = interrupt(at(step, resumption={reason: rule}).until(BEGINS))
    go_on(life.until(ENDS))
    assert vn(life.clock("step").due) == due  # 9 of 24 hours were left: 6 on Monday, 3 on Tuesday


@pytest.mark.parametrize(("rule", "due"), [("resume", "2026-12-07 17:00"), ("restart", "2026-12-08 17:00")])
def test_a_fee_that_is_due_is_status_6_too(rule: str, due: str) -> None:
    life = Life(procedure(fee=fee(), resumption={"obligation": rule})).accepted()
    assert (life.status, pauses(life.clock("processing"))) == (6, [("2026-11-25 10:00", None, "obligation")])
    life.until("2026-12-01 07:00").do("settle_fee", n=1, settlement="paid", amount=16_000)
    assert vn(life.clock("processing").due) == due  # the whole 40 hours, from Tuesday; or from the day after it


@pytest.mark.parametrize(("rule", "due"), [("resume", "2026-11-30 15:00"), ("restart", "2026-12-01 09:00")])
def test_the_intake_goes_on_after_a_supplement_as_the_procedure_says(rule: str, due: str) -> None:
    life = (
        Life(procedure(resumption={"supplement": rule}))
        .until("2026-11-25 16:00")
        .supplement_requested(RECEPTION, IDENTITY)
    )
    assert pauses(life.clock("intake")) == [("2026-11-25 16:00", None, "supplement")]
    supplied(life.until(ENDS))
    assert vn(life.clock("intake").due) == due  # 4 hours were left: 2½ in the morning, and 1½


@pytest.mark.parametrize(
    ("stops", "goes_on", "due"),
    [
        ("2026-11-28 10:00", "2026-11-29 15:00", "2026-12-07 17:00"),
        ("2026-11-29 15:00", "2026-11-30 16:00", "2026-12-07 17:00"),
        ("2026-11-30 15:00", "2026-12-01 08:00", "2026-12-08 17:00"),  # one hour of the 40 is gone
    ],
    ids=["before the receipt", "on its day", "into the first hour"],
)
def test_the_part_of_a_pause_before_the_budget_starts_takes_nothing(stops: str, goes_on: str, due: str) -> None:
    life = Life().until("2026-11-28 09:00").accepted().do("claim", SPECIALIST)  # a Saturday
    assert vn(life.clock("processing").due) == "2026-12-07 17:00"
    suspended(life.until(stops)).until(goes_on).do("resume", LEADER)
    assert vn(life.clock("processing").due) == due


def test_what_comes_in_after_the_cut_off_counts_for_the_agency_as_of_the_next_day() -> None:
    rules = procedure(**limited(cut_off="15:00"))
    in_time, after = (Life(rules).until(f"2026-11-25 {hour}").accepted() for hour in ("15:00", "15:01"))
    assert [vn(life.clock("processing").due) for life in (in_time, after)] == ["2026-12-02 17:00", "2026-12-03 17:00"]
    assert [vn(life.clock("step").due) for life in (in_time, after)] == ["2026-11-27 17:00", "2026-11-30 17:00"]
    assert after.clock("step").cut_off == time(15)
    assert (
        vn(after.do("claim", SPECIALIST).supplement_requested(SPECIALIST, IDENTITY).clock("supplement").due)
        == "2026-12-10 00:00"
    )


# Extension, and another appointment.


@pytest.mark.parametrize(
    ("by", "due"),
    [(None, "2026-12-09 17:00"), ("1 working days", "2026-12-03 17:00"), ("5 working days", "2026-12-09 17:00")],
)
def test_an_appointment_is_put_off_by_as_long_as_the_processing_again_at_most(by: str | None, due: str) -> None:
    life = at(VERIFY)
    for wrong in ("0 working days", "6 working days", "5 calendar days", "8 working hours", "60 seconds"):
        assert life.refusal("reappoint", LEADER, by=wrong, **BUSY) == [("by", "too_far")], wrong
    life.do("reappoint", LEADER, by=by, **BUSY)
    assert (vn(life.clock("processing").due), life.clock("processing").extensions[0].kind) == (due, "reappointed")


def test_a_procedure_says_by_how_much_an_appointment_may_be_put_off() -> None:
    life = at(VERIFY, **limited(reappointment="2 working days"))
    assert life.refusal("reappoint", LEADER, by="3 working days", **BUSY) == [("by", "too_far")]
    assert vn(life.do("reappoint", LEADER, **BUSY).clock("processing").due) == "2026-12-04 17:00"


@pytest.mark.parametrize("limit", ["0 working days", "1 working days", "8 working hours"])
def test_what_is_due_within_a_working_day_is_put_off_no_more(limit: str) -> None:
    life = at(VERIFY, **limited(processing=limit), **EXTENSION).until("2026-11-25 17:01")
    for kind in ("reappoint", "extend"):
        assert life.refusal(kind, LEADER, **BUSY) == [("", "too_late_to_postpone")]


def test_another_appointment_is_the_leaders_to_give_once_and_before_the_result() -> None:
    assert Life().refusal("reappoint", LEADER, **BUSY) == [("", "wrong_stage")]
    assert suspended(at(VERIFY)).refusal("reappoint", LEADER, **BUSY) == [("", "wrong_stage")]
    life = at(VERIFY)
    for actor in (SPECIALIST, TEAM_LEAD, APPLICANT):
        assert life.refusal("reappoint", actor, **BUSY) == [("actor.role", "role_not_allowed")]
    life.do("reappoint", LEADER, by="1 working days", **BUSY)
    assert life.refusal("reappoint", LEADER, by="1 working days", **BUSY) == [("", "postponed_already")]
    decided = Life(result_channel="counter").accepted().decided()
    assert vn(decided.do("reappoint", LEADER, **BUSY).clock("processing").due) == "2026-12-09 17:00"
    assert decided.issued().refusal("reappoint", LEADER, **BUSY) == [("", "wrong_stage")]


def test_another_appointment_is_announced_a_working_day_before_the_first_one() -> None:
    life = at(VERIFY, **EXTENSION).until("2026-12-01 17:00")
    assert [life.refusal(kind, LEADER, **BUSY) for kind in ("reappoint", "extend")] == [[], []]
    life.wait(seconds=1)
    for kind in ("reappoint", "extend"):
        assert life.refusal(kind, LEADER, **BUSY) == [("", "too_late_to_postpone")]


def test_a_result_is_put_off_once_by_whichever_rule() -> None:
    appointed = at(VERIFY, **EXTENSION).do("reappoint", LEADER, **BUSY)
    for life in (appointed, at(VERIFY, **EXTENSION).do("extend", LEADER, **BUSY)):
        for kind in ("reappoint", "extend"):
            assert life.refusal(kind, LEADER, **BUSY) == [("", "postponed_already")]
    assert at(VERIFY, **EXTENSION).refusal("extend", SPECIALIST, **BUSY) == [("actor.role", "role_not_allowed")]
    assert at(VERIFY).refusal("extend", LEADER, **BUSY) == [("", "no_extension")]


def test_a_named_law_lets_a_result_be_put_off_more_often() -> None:
    twice = {"extension": {"times": 2, "by": "3 working days", "notice": "1 working days"}}
    life = at(VERIFY, **twice).do("reappoint", LEADER, **BUSY).do("extend", LEADER, **BUSY)
    assert [str(extension.by) for extension in life.clock("processing").extensions] == [
        "5 working days",
        "3 working days",
    ]
    for kind in ("reappoint", "extend"):
        assert life.refusal(kind, LEADER, **BUSY) == [("", "postponed_already")]
    life = at(VERIFY, **twice).do("extend", LEADER, **BUSY)
    assert life.refusal("reappoint", LEADER, **BUSY) == [("", "postponed_already")]
    assert life.refusal("extend", LEADER, **BUSY) == []


def test_a_procedure_says_how_long_before_another_appointment_is_announced() -> None:
    life = at(VERIFY, **limited(notice="2 working days")).until("2026-11-30 17:00")
    assert life.refusal("reappoint", LEADER, **BUSY) == []
    assert life.wait(seconds=1).refusal("reappoint", LEADER, **BUSY) == [("", "too_late_to_postpone")]


# How it went.


@pytest.mark.parametrize(
    ("limit", "issued", "outcome"),
    [
        ("5 working days", "2026-12-01 23:59:59", "early"),
        ("5 working days", "2026-12-02 00:00", "on_time"),
        ("5 working days", "2026-12-02 23:59:59", "on_time"),
        ("5 working days", "2026-12-03 00:00", "late"),
        ("3 calendar days", "2026-11-29 23:59", "early"),
        ("3 calendar days", "2026-11-30 17:01", "on_time"),
        ("3 calendar days", "2026-12-01 00:00", "late"),
        ("8 working hours", "2026-11-26 09:59:59", "early"),
        ("8 working hours", "2026-11-26 10:00", "on_time"),
        ("8 working hours", "2026-11-26 10:00:59", "on_time"),
        ("8 working hours", "2026-11-26 10:01", "late"),
        ("60 seconds", "2026-11-25 10:01:29", "early"),
        ("60 seconds", "2026-11-25 10:01:30", "on_time"),
        ("60 seconds", "2026-11-25 10:01:31", "late"),
    ],
)
def test_days_are_judged_by_the_date_and_hours_by_the_minute(limit: str, issued: str, outcome: str) -> None:
    life = Life(procedure(**limited(processing=limit)), result_channel="counter").accepted().decided()
    due = life.clock("processing").due
    life.until(issued).issued()
    assert life.clock("processing").outcome == outcome
    assert events(life, ev.FinishedEarly) == ([ev.FinishedEarly(due=due)] if outcome == "early" else [])


def test_the_time_to_appeal_is_a_date_that_nothing_rings_at() -> None:
    for rules, due in (({}, "2027-02-24 00:00"), (limited(appeal="30 calendar days"), "2026-12-26 00:00")):
        life = Life(procedure(**rules)).accepted().decided().issued()
        assert line(life.clock("appeal")) == ("appeal", "2026-11-25 10:00", due, None, None)
        assert (list(life.filing.clocks), life.tells, life.filing.closing) == (["appeal"], [], "delivered")
        assert life.until("2027-06-01 09:00").refusal("timer_fired", clock="appeal") == [("", "filing_closed")]
    assert Life().do("withdraw", APPLICANT, reason="đổi ý").runs("appeal") == []


@pytest.mark.parametrize(
    ("notify", "until"),
    [
        (lambda: Life().do("refuse_intake", RECEPTION, **REFUSING), "2027-02-24 00:00"),
        (
            lambda: Life().supplement_requested(RECEPTION, IDENTITY).until("2026-12-10 17:00").rung(),
            "2027-03-11 00:00",
        ),
        (Life, None),
    ],
    ids=["refused at intake", "not supplied", "nothing yet"],
)
def test_a_complaint_may_be_made_so_long_from_the_notice_of_each(notify: Callable[[], Life], until: str | None) -> None:
    seen = projections.view(notify().filing, local("2026-12-10 08:00"), local("2026-12-10 08:00")).complain_until
    assert seen == (local(until) if until else None)


# Whoever has the task, the clocks are the filing's.


def test_a_demand_that_is_taken_back_lets_the_clocks_go_on_and_nobody_was_late_with_it() -> None:
    life = referred(at(TAX).until(BEGINS)).until("2026-11-27 16:30")
    life.do("demand_obligation", SPECIALIST, reference="34/TB", amount=1).until(ENDS).do("recall", SPECIALIST)
    assert pauses(life.clock("processing")) == [(BEGINS, ENDS, "obligation")]
    assert life.ringing == {"step": local("2026-12-01 17:00"), "processing": local("2026-12-03 17:00")}
    assert [line(state) for state in life.runs("obligation")] == [
        ("obligation", BEGINS, "2026-12-02 17:00", "obligation_demanded", "early"),
        ("obligation", "2026-11-27 16:30", "2026-12-29 00:00", "recalled", None),  # 30 days, to a Sunday
    ]


def test_a_step_that_others_held_up_is_judged_by_when_they_began_to() -> None:
    life = referred(at(TAX).until("2026-11-26 16:00")).until("2026-11-30 09:00")
    life.do("fulfil_obligation", CASHIER, reference="56/GNT")
    assert line(life.runs("step")[0])[2:] == ("2026-11-26 17:00", "obligation_fulfilled", "on_time")


# Silence.


def test_a_decision_that_is_judged_when_silence_has_approved_loses() -> None:
    life = Life(procedure(**SILENT)).accepted().proposed().do("claim", LEADER)
    life.now = local("2026-12-02 17:00") - timedelta(seconds=1)
    assert life.refusal("decide", LEADER, outcome="approved") == []
    assert life.refusal("reappoint", LEADER, **BUSY) == [("", "silence_approves")]
    life.until("2026-12-02 17:00")
    assert life.refusal("decide", LEADER, outcome="refused", **REFUSING) == [("", "silence_has_approved")]
    assert life.refusal("reappoint", LEADER, **BUSY) == [("", "silence_has_approved")]
    assert life.refusal("stop", LEADER, mode="end", **ENDING) == [("", "silence_has_approved")]
    assert life.refusal("stop", LEADER, mode="suspend", **STOP) == [("", "silence_has_approved")]
    assert life.rung().kinds[-2:] == ["overdue", "decided"]
    assert life.filing.decision is not None
    assert life.filing.decision.silence == "Luật X, Đ5"


def test_silence_approves_nothing_while_the_clock_stands_still() -> None:
    life = suspended(at(VERIFY, **SILENT).until(BEGINS)).until("2026-12-04 09:00").rung()
    assert (life.filing.decision, life.stage) == (None, "suspended")
    assert life.refusal("stop", LEADER, mode="end", **ENDING) == []
    life.do("resume", LEADER)
    assert vn(life.clock("processing").due) == "2026-12-09 17:00"  # 25 hours: 6, two days, and 3
    assert life.until("2026-12-09 17:00").rung().kinds[-1] == "decided"
