"""Acts that officers take back in the open: what then is due, and what the clocks say."""

from typing import Any, Final

import pytest

from rules.causes import papers_of
from rules.filing import lifecycle
from schemas.filing.events import FeeRequested
from schemas.filing.state import FeeState
from schemas.papers.state import PaperKind
from schemas.people import Role
from tests.unit.filing.clocks import supplied
from tests.unit.filing.fees import paid
from tests.unit.filing.lives import (
    APPLICANT,
    CASHIER,
    LEADER,
    RECEPTION,
    SPECIALIST,
    VERIFY,
    Life,
    at,
    fee,
    officer,
    procedure,
)

HALF: Final = {"waivers": [{"code": "student", "percent": 50, "approver": "cashier"}]}
WHOLE: Final = {"waivers": [{"code": "poor", "percent": 100, "approver": "reception"}]}
WHY: Final = {"reason": "giấy xác nhận không đúng"}


def fees(life: Life) -> list[tuple[int, int, str]]:
    return [(one.amount, one.waived, str(one.state)) for one in life.filing.fees]


# Waivers.


@pytest.mark.parametrize("due", ["submission", "acceptance"])
def test_of_a_waiver_that_is_taken_back_the_whole_fee_is_asked_for(due: str) -> None:
    life = Life(procedure(fee=fee(due) | WHOLE))
    life = life if due == "submission" else life.accepted()
    life.do("waive_fee", RECEPTION, waiver="poor", reason="hộ nghèo")
    assert life.refusal("revoke_waiver", CASHIER, **WHY) == [("actor.role", "role_not_allowed")]
    life.do("revoke_waiver", RECEPTION, **WHY)
    assert life.kinds[-2:] == ["fee_waiver_revoked", "fee_requested"]
    assert (fees(life), life.stage) == ([(16_000, 0, "waived"), (16_000, 0, "due")], "fee")
    assert life.refusal("revoke_waiver", RECEPTION, **WHY) == [("", "nothing_waived")]
    paid(life)
    assert life.stage == ("intake" if due == "submission" else "review")


def test_of_half_a_fee_that_was_due_the_whole_is_due_and_of_half_that_was_paid_the_rest() -> None:
    life = Life(procedure(fee=fee() | HALF)).accepted().do("waive_fee", CASHIER, waiver="student", reason="sinh viên")
    life.do("revoke_waiver", CASHIER, **WHY)
    assert fees(life) == [(16_000, 0, "waived"), (8_000, 8_000, "cancelled"), (16_000, 0, "due")]
    assert 2 in life.filing.payments_to_cancel, "nobody is to pay the half any more"
    life.do("waive_fee", CASHIER, waiver="student", reason="sinh viên")
    assert fees(life)[-1] == (8_000, 8_000, "due"), "it may be granted again"
    paid(life).do("claim", SPECIALIST).do("revoke_waiver", CASHIER, **WHY)
    asked = life.log[-1].event
    assert isinstance(asked, FeeRequested)
    assert (asked.amount, asked.adds_to, life.stage) == (8_000, 4, "fee")
    assert life.clock("processing").paused
    paid(life)
    assert sum(one.amount for one in life.filing.fees if one.state is FeeState.PAID) == 16_000
    assert (life.stage, life.filing.officer) == ("review", SPECIALIST.subject)


def test_after_the_decision_no_waiver_is_taken_back() -> None:
    life = Life(procedure(fee=fee() | WHOLE)).accepted().do("waive_fee", RECEPTION, waiver="poor", reason="hộ nghèo")
    life.decided()
    assert [rule for _, rule in life.refusal("revoke_waiver", RECEPTION, **WHY)] == ["wrong_stage"]


def test_a_declined_waiver_is_nobodys_task_and_the_fee_stays_due() -> None:
    life = Life(procedure(fee=fee() | WHOLE)).accepted()
    before = life.clock("payment").due
    assert Role.RECEPTION in {task.role for task in lifecycle.tasks(life.filing, life.now)}
    assert life.refusal("decline_waiver", CASHIER, waiver="poor", **WHY) == [("actor.role", "role_not_allowed")]
    assert life.refusal("decline_waiver", RECEPTION, waiver="other", **WHY) == [("waiver", "unknown_waiver")]
    life.do("decline_waiver", RECEPTION, waiver="poor", **WHY)
    assert Role.RECEPTION not in {task.role for task in lifecycle.tasks(life.filing, life.now)}
    assert (life.stage, life.clock("payment").due) == ("fee", before)
    assert life.refusal("decline_waiver", RECEPTION, waiver="poor", **WHY) == [("waiver", "waiver_declined_already")]
    assert life.refusal("waive_fee", RECEPTION, waiver="poor", reason="nhầm") == [], "that may be a mistake, too"


# A request for a supplement.

IDENTITY: Final = ("paper", "identity")


def undone(life: Life, actor: Any) -> Life:
    return life.do("cancel_supplement", actor, reason="yêu cầu nhầm")


@pytest.mark.parametrize("accepted", [False, True])
def test_the_clocks_run_as_if_a_cancelled_request_had_never_been_made(*, accepted: bool) -> None:
    life = at(VERIFY) if accepted else Life()
    actor, names = (SPECIALIST, ("processing", "step")) if accepted else (RECEPTION, ("intake",))
    before = {name: life.clock(name) for name in names}
    life.wait(hours=1).asked(actor, IDENTITY).wait(hours=2)
    assert all(life.clock(name).paused for name in names)
    undone(life, actor)
    assert {name: life.clock(name) for name in names} == before
    assert "supplement" not in life.filing.clocks
    assert life.stage == ("review" if accepted else "intake")
    life.asked(actor, IDENTITY)
    assert (life.filing.supplement and life.filing.supplement.n) == 2, "its number is used up, its round is not"
    supplied(life)


def test_what_is_late_without_the_request_is_late_once_it_is_cancelled() -> None:
    life = at(VERIFY).asked(SPECIALIST, IDENTITY)
    life.until("2026-12-08 09:00")
    undone(life, LEADER)
    assert life.clock("step").due < life.now
    assert [str(timer.clock) for timer in lifecycle.timers(life.filing) if timer.due <= life.now][:1] == ["step"]
    life.rung()
    assert "step" in life.filing.overdue


def test_who_may_cancel_a_request_and_until_when() -> None:
    life = at(VERIFY)
    assert [rule for _, rule in life.refusal("cancel_supplement", SPECIALIST, reason="-")] == ["wrong_stage"]
    life.asked(SPECIALIST, IDENTITY)
    other = officer(Role.SPECIALIST, "specialist-2")
    assert life.refusal("cancel_supplement", other, reason="-") == [("actor.subject", "not_who_asked")]
    assert life.refusal("cancel_supplement", APPLICANT, reason="-") == [("actor.role", "role_not_allowed")]
    for actor in (SPECIALIST, LEADER):
        assert life.refusal("cancel_supplement", actor, reason="-") == []
    supplied(life)
    assert [rule for _, rule in life.refusal("cancel_supplement", SPECIALIST, reason="-")] == ["wrong_stage"]


def test_of_each_the_applicant_gets_a_notice() -> None:
    life = at(VERIFY).asked(SPECIALIST, IDENTITY)
    undone(life, SPECIALIST)
    assert papers_of(life.log[-1].event) == (PaperKind.CORRECTION,)
    waived = Life(procedure(fee=fee() | WHOLE)).accepted().do("decline_waiver", RECEPTION, waiver="poor", **WHY)
    assert papers_of(waived.log[-1].event) == (PaperKind.CORRECTION,)
