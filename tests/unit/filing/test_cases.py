"""Another processing limit: by what was filed, or once an officer has found that it applies."""

from typing import Any, Final

import pytest

from rules.filing.time.clocks import put_off_at_most
from schemas.filing.events import CaseApplied
from schemas.limit import Limit, Unit
from schemas.people import Actor
from tests.unit.filing.lives import BUSY, CASHIER, LEADER, RECEPTION, SPECIALIST, START, Life, limited, local, procedure

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
