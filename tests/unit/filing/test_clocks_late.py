"""What is late in more than one way, and another processing limit: by what was filed, or by what an officer found."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import pytest

from rules.filing.time.clocks import put_off_at_most
from schemas.filing import events as ev
from schemas.filing.events import CaseApplied
from schemas.limit import Limit, Unit
from schemas.people import Actor
from tests.unit.filing.clocks import IDENTITY, events, off, supplied, tells, vn
from tests.unit.filing.lives import (
    BUSY,
    CASHIER,
    EXTENSION,
    LEADER,
    RECEPTION,
    SPECIALIST,
    START,
    VERIFY,
    Life,
    at,
    limited,
    local,
    procedure,
)

ASKED_LATE: Final = {"supplement_within": "20 working days"}


def verified_late(**changes: Any) -> Life:
    """At a step of three days, due on Monday 30 November, that nobody finishes until its clock has rung."""
    return at(VERIFY, **changes, **ASKED_LATE).until("2026-11-30 17:00").rung()


def test_what_ran_out_before_it_was_paused_is_late_although_its_timer_had_not_rung() -> None:
    life = at(VERIFY, **ASKED_LATE).until("2026-12-02 17:30").asked(SPECIALIST, IDENTITY)
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
    life = verified_late(resumption={"supplement": "resume"}).until("2026-12-01 09:00").asked(SPECIALIST, IDENTITY)
    assert life.clock("step").overdue
    life.until("2026-12-03 08:00").do("change_calendar", **off(date(2026, 11, 30)))
    assert (life.clock("step").overdue, life.filing.overdue) == (False, ())
    supplied(life)
    assert "due" in tells(life, "step")


def test_a_moment_before_that_of_a_timer_turns_no_pause_round() -> None:
    life = at(VERIFY, supplement_rounds=2, resumption={"supplement": "resume"})
    life.until("2026-11-26 09:00").asked(SPECIALIST, IDENTITY)
    supplied(life.until("2026-11-26 08:59"))
    life.until("2026-11-26 08:58").asked(SPECIALIST, IDENTITY)
    first, second = life.clock("processing").pauses
    assert (vn(first.since), first.until, second.since) == ("2026-11-26 09:00", first.since, first.since)
    assert vn(supplied(life.until("2026-11-26 10:00")).clock("processing").due) == "2026-12-03 17:00"


def test_a_limit_that_was_extended_starts_again_as_long_as_it_had_become() -> None:
    life = at(VERIFY, **EXTENSION).do("extend", LEADER, **BUSY).asked(SPECIALIST, IDENTITY)
    supplied(life.until("2026-11-26 09:00"))
    processing = life.clock("processing")
    assert (str(processing.limit), len(processing.extensions), vn(processing.due)) == (
        "8 working days",
        1,
        "2026-12-08 17:00",
    )


def test_days_off_that_are_declared_late_move_the_reminder_and_the_apology_too() -> None:
    life = at(VERIFY | {"limit": "20 working days"}).until("2026-12-01 17:00").rung()
    assert life.told == [("processing", "apology_drafted"), ("processing", "reminded")]
    life.until("2026-12-02 09:00").do("change_calendar", **off(date(2026, 11, 26), date(2026, 11, 27)))
    moments = {"apology": "2026-12-02 17:00", "reminder": "2026-12-03 17:00", "due": "2026-12-04 17:00"}
    assert tells(life, "processing") == moments
    assert life.until("2026-12-03 17:00").rung().told[-2:] == [
        ("processing", "apology_drafted"),
        ("processing", "reminded"),
    ]


VERIFIED: Final = {"code": "verified", "processing": "5 working days"}
URGENT: Final = {"code": "urgent", "processing": "1 working days", "when": [{"field": "urgent", "one_of": [True]}]}
BULK: Final = {"code": "bulk", "processing": "9 working days", "when": [{"field": "copies", "at_least": 2}]}
AT_ONCE: Final = limited(processing="0 working days")


def accepted(*cases: dict[str, Any], **form: Any) -> Life:
    rules = procedure(cases=cases, **AT_ONCE)
    return Life(rules, form={"name": "An"} | form).accepted()


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


def test_a_case_that_was_found_stays_when_the_limit_starts_again_and_goes_before_what_was_filed() -> None:
    life = accepted(VERIFIED, URGENT, urgent=True).do("claim", SPECIALIST)
    life.do("apply_case", SPECIALIST, case="verified", reason="cần xác minh")
    life.asked(SPECIALIST, ("field", "copies")).until("2026-11-30 08:00")
    life.do("supplement", life.log[0].actor, form={"copies": 1})
    assert life.clock("processing").due == local("2026-12-07 17:00")


def test_an_appointment_is_put_off_at_most_by_the_limit_of_the_case() -> None:
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
def test_a_case_is_refused(
    cases: tuple[dict[str, Any], ...], actor: Actor, case: str, problem: tuple[str, str]
) -> None:
    assert accepted(*cases).refusal("apply_case", actor, case=case, **BUSY) == [problem]


def test_a_case_is_applied_once_before_the_limit_ends_and_in_the_review() -> None:
    before = Life(procedure(cases=[VERIFIED]))
    assert before.refusal("apply_case", SPECIALIST, case="verified", **BUSY) == [("", "wrong_stage")]
    over = accepted(VERIFIED).until("2026-11-25 17:00")
    assert over.refusal("apply_case", SPECIALIST, case="verified", **BUSY) == [("", "too_late_for_case")]
    once = accepted(VERIFIED).do("apply_case", SPECIALIST, case="verified", **BUSY)
    assert once.refusal("apply_case", LEADER, case="verified", **BUSY) == [("", "case_applied_already")]
