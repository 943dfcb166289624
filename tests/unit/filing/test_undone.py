"""Acts of officers that a later act revokes: the fees and the clocks afterwards."""

from datetime import timedelta
from typing import Any, Final

import pytest

from rules.causes import papers_of
from rules.filing import lifecycle, projections
from rules.filing.queues import allowed
from rules.refund.claims import claim_without_provider, fees_to_return
from schemas.filing.events import ApplicantCorrected, FeeRequested
from schemas.filing.state import FeeState
from schemas.filing.submission import Examined
from schemas.papers.state import PaperKind
from schemas.people import Role
from schemas.publishing.fee import RefundCase
from schemas.refund.state import Claim
from schemas.signature import SignatureOutcome, SignatureRecord
from tests.unit.filing.clocks import supplied, vn
from tests.unit.filing.fees import paid
from tests.unit.filing.lives import (
    AN,
    APPLICANT,
    CASHIER,
    FILE,
    LEADER,
    RECEPTION,
    SPECIALIST,
    VERIFY,
    Life,
    at,
    fee,
    local,
    officer,
    procedure,
)

HALF: Final = {"waivers": [{"code": "student", "percent": 50, "approver": "cashier"}]}
WHOLE: Final = {"waivers": [{"code": "poor", "percent": 100, "approver": "reception"}]}
OTHER: Final = RECEPTION.model_copy(update={"subject": "reception-2"})
WHY: Final = {"reason": "giấy xác nhận không đúng"}


def fees(life: Life) -> list[tuple[int, int, str]]:
    return [(one.amount, one.waived, str(one.state)) for one in life.filing.fees]


# Waivers.


@pytest.mark.parametrize("due", ["submission", "acceptance"])
def test_of_a_waiver_that_is_taken_back_the_whole_fee_is_asked_for(due: str) -> None:
    life = Life(procedure(fee=fee(due) | WHOLE))
    life = life if due == "submission" else life.accepted()
    life.do("waive_fee", OTHER, waiver="poor", reason="hộ nghèo")
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
    life = Life(procedure(fee=fee() | WHOLE)).accepted().do("waive_fee", OTHER, waiver="poor", reason="hộ nghèo")
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
    assert life.refusal("waive_fee", OTHER, waiver="poor", reason="nhầm") == [], "that may be a mistake, too"


def test_a_waiver_is_a_task_of_its_approver_and_of_a_leader() -> None:
    life = Life(procedure(fee=fee() | WHOLE)).accepted()
    offered = {task.role: task.actions for task in lifecycle.tasks(life.filing, life.now)}
    for role in (Role.RECEPTION, Role.LEADER):
        assert {"waive_fee", "decline_waiver"} <= set(offered[role])
    without = Life(procedure(fee=fee())).accepted()
    assert Role.LEADER not in {task.role for task in lifecycle.tasks(without.filing, without.now)}


# A request for a supplement.

IDENTITY: Final = ("paper", "identity")


def undone(life: Life, actor: Any) -> Life:
    return life.do("cancel_supplement", actor, reason="yêu cầu nhầm")


@pytest.mark.parametrize("accepted", [False, True])
def test_the_clocks_run_as_if_a_cancelled_request_had_never_been_made(*, accepted: bool) -> None:
    life = at(VERIFY) if accepted else Life()
    actor, names = (SPECIALIST, ("processing", "step")) if accepted else (RECEPTION, ("intake",))
    before = {name: life.clock(name) for name in names}
    life.wait(hours=1).supplement_requested(actor, IDENTITY).wait(hours=2)
    assert all(life.clock(name).paused for name in names)
    undone(life, actor)
    assert {name: life.clock(name) for name in names} == before
    assert "supplement" not in life.filing.clocks
    assert life.stage == ("review" if accepted else "intake")
    life.supplement_requested(actor, IDENTITY)
    assert (life.filing.supplement and life.filing.supplement.n) == 2, "its number is used up, its round is not"
    supplied(life)


def test_what_is_late_without_the_request_is_late_once_it_is_cancelled() -> None:
    life = at(VERIFY).supplement_requested(SPECIALIST, IDENTITY)
    life.until("2026-12-08 09:00")
    undone(life, LEADER)
    assert life.clock("step").due < life.now
    assert [str(timer.clock) for timer in lifecycle.timers(life.filing) if timer.due <= life.now][:1] == ["step"]
    life.rung()
    assert "step" in life.filing.overdue


def test_who_may_cancel_a_request_and_until_when() -> None:
    life = at(VERIFY)
    assert [rule for _, rule in life.refusal("cancel_supplement", SPECIALIST, reason="-")] == ["wrong_stage"]
    life.supplement_requested(SPECIALIST, IDENTITY)
    other = officer(Role.SPECIALIST, "specialist-2")
    assert life.refusal("cancel_supplement", other, reason="-") == [("actor.subject", "not_who_asked")]
    assert life.refusal("cancel_supplement", APPLICANT, reason="-") == [("actor.role", "role_not_allowed")]
    for actor in (SPECIALIST, LEADER):
        assert life.refusal("cancel_supplement", actor, reason="-") == []
    supplied(life)
    assert [rule for _, rule in life.refusal("cancel_supplement", SPECIALIST, reason="-")] == ["wrong_stage"]


def test_of_each_the_applicant_gets_a_notice() -> None:
    life = at(VERIFY).supplement_requested(SPECIALIST, IDENTITY)
    undone(life, SPECIALIST)
    assert papers_of(life.log[-1].event) == (PaperKind.CORRECTION,)
    waived = Life(procedure(fee=fee() | WHOLE)).accepted().do("decline_waiver", RECEPTION, waiver="poor", **WHY)
    assert papers_of(waived.log[-1].event) == (PaperKind.CORRECTION,)


# An acceptance.


def taken_back(life: Life, actor: Any = RECEPTION) -> Life:
    return life.do("revoke_acceptance", actor, reason="tiếp nhận nhầm")


def test_of_an_acceptance_that_is_taken_back_nothing_is_left_but_its_trace() -> None:
    life = Life(procedure(fee=fee())).wait(hours=1)
    before = life.clock("intake")
    life.accepted()
    taken_back(life.wait(hours=1))
    assert life.clock("intake") == before
    assert [state.clock for state in life.filing.clocks.values()] == ["intake"]
    assert (life.status, life.stage, fees(life)) == (1, "intake", [(16_000, 0, "cancelled")])
    assert 1 in life.filing.payments_to_cancel
    assert papers_of(life.log[-1].event) == (PaperKind.CORRECTION,)
    life.accepted()
    assert fees(life)[-1] == (16_000, 0, "due")
    paid(life)
    assert (life.status, life.stage) == (4, "review")


def test_a_fee_that_was_paid_stays_paid_when_the_acceptance_is_taken_back() -> None:
    life = paid(Life(procedure(fee=fee())).accepted())
    taken_back(life, LEADER).accepted()
    assert (fees(life), life.stage) == ([(16_000, 0, "paid")], "review")


def test_who_may_take_an_acceptance_back_and_until_when() -> None:
    life = Life()
    assert [rule for _, rule in life.refusal("revoke_acceptance", RECEPTION, reason="-")] == ["wrong_stage"]
    unpaid = Life(procedure(fee=fee("submission")))
    assert unpaid.refusal("revoke_acceptance", RECEPTION, reason="-") == [("", "not_accepted")]
    life.accepted()
    for actor in (RECEPTION, LEADER):
        assert life.refusal("revoke_acceptance", actor, reason="-") == []
    assert life.refusal("revoke_acceptance", SPECIALIST, reason="-") == [("actor.role", "role_not_allowed")]
    day = life.now
    life.until("2026-11-25 23:59")
    assert life.refusal("revoke_acceptance", RECEPTION, reason="-") == []
    life.until("2026-11-26 00:00")
    assert life.refusal("revoke_acceptance", RECEPTION, reason="-") == [("", "not_on_the_same_day")]
    life.now = day
    life.do("claim", SPECIALIST)
    assert life.refusal("revoke_acceptance", RECEPTION, reason="-") == [("", "review_has_begun")]
    life.do("release", SPECIALIST)
    assert life.refusal("revoke_acceptance", RECEPTION, reason="-") == []


def test_an_intake_that_is_late_without_the_acceptance_is_late_once_it_is_taken_back() -> None:
    life = Life()
    life.until(f"{vn(life.clock('intake').due - timedelta(minutes=1))}").accepted()
    taken_back(life.wait(minutes=30)).rung()
    assert "intake" in life.filing.overdue


def test_a_dossier_by_post_is_accepted_on_the_day_on_which_it_is_recorded() -> None:
    life = Life(channel="post", actor=RECEPTION, authorisation=None, received_at=local("2026-11-24 16:00"))
    assert life.filing.accepted_at == local("2026-11-24 16:00")
    assert life.refusal("revoke_acceptance", RECEPTION, reason="-") == []


# A refusal of intake.


def refused(life: Life) -> Life:
    return life.do("refuse_intake", RECEPTION, reason="nhầm hồ sơ", legal_basis="NĐ 118/2025")


def test_of_a_refusal_that_is_taken_back_nothing_is_left_but_its_trace() -> None:
    life = Life().wait(hours=1)
    before = life.clock("intake")
    refused(life).wait(minutes=30)
    assert (life.status, life.filing.act, "appeal" in life.filing.clocks) == (3, 2, True)
    assert "revoke_refusal" in allowed(life.filing, RECEPTION, life.now)
    life.do("revoke_refusal", RECEPTION, reason="từ chối nhầm")
    assert (life.status, life.stage, life.filing.closed_at, life.filing.act) == (1, "intake", None, None)
    assert life.clock("intake") == before
    assert [state.clock for state in life.filing.clocks.values()] == ["intake"]
    assert life.filing.overdue == ()
    assert papers_of(life.log[-1].event) == (PaperKind.CORRECTION,)
    assert life.accepted().status == 2
    assert life.refusal("revoke_refusal", RECEPTION, reason="-") == [("", "not_refused")]


def test_who_may_take_a_refusal_back_and_until_when() -> None:
    life = refused(Life())
    for actor in (RECEPTION, OTHER, LEADER):
        assert life.refusal("revoke_refusal", actor, reason="-") == []
    for actor in (SPECIALIST, APPLICANT):
        assert life.refusal("revoke_refusal", actor, reason="-") == [("actor.role", "role_not_allowed")]
    for kind in ("accept", "ask", "withdraw"):
        assert kind not in allowed(life.filing, RECEPTION, life.now)
    life.until("2026-11-25 23:59")
    assert life.refusal("revoke_refusal", RECEPTION, reason="-") == []
    life.until("2026-11-26 00:00")
    assert life.refusal("revoke_refusal", RECEPTION, reason="-") == [("", "not_on_the_same_day")]
    assert allowed(life.filing, RECEPTION, life.now) == ()
    withdrawn = Life().do("withdraw", APPLICANT, reason="đổi ý")
    assert withdrawn.refusal("revoke_refusal", RECEPTION, reason="-") == [("", "not_refused")]


def test_of_a_fee_nothing_goes_back_for_a_refusal_that_is_taken_back_and_nothing_is_paid_again() -> None:
    returned = {"refunds": [{"case": "refused_at_intake", "percent": 100}]}
    life = Life(procedure(fee=fee("submission") | returned)).do("pay_at_counter", CASHIER, amount=16_000)
    refused(life)
    assert fees_to_return(life.filing) == (1,)
    claim = claim_without_provider(life.filing, 1000)
    assert (claim.rule, claim.percent) == (RefundCase.REFUSED_AT_INTAKE, 100)
    life.do("revoke_refusal", LEADER, reason="từ chối nhầm")
    assert fees_to_return(life.filing) == ()
    assert claim_without_provider(life.filing, 1000) == Claim(reopened=1), "what the refusal opened is called off"
    assert (fees(life), life.stage) == ([(16_000, 0, "paid")], "intake")
    refused(life)
    again = claim_without_provider(life.filing, 1000)
    assert (again.rule, again.percent, again.reopened) == (RefundCase.REFUSED_AT_INTAKE, 100, 1)


# A mistyped name or number.

RIGHT: Final[dict[str, Any]] = {"name": "Nguyễn Văn Ân", "id_number": "001099000009"}
MISTYPED: Final = {"reason": "viết nhầm"}


def test_a_mistyped_name_is_put_right_with_before_and_after_and_nothing_else_changes() -> None:
    life = at(VERIFY)
    before = life.filing
    life.do("correct_applicant", RECEPTION, **RIGHT, **MISTYPED)
    event = life.log[-1].event
    assert isinstance(event, ApplicantCorrected)
    assert (event.officer, event.before, event.after) == (RECEPTION.subject, AN, AN.model_copy(update=RIGHT))
    assert life.filing.applicant == event.after
    assert (life.filing.clocks, life.stage, life.filing.officer) == (before.clocks, "review", before.officer)
    assert life.filing.authorisation is not None
    assert life.filing.authorisation.principal == RIGHT["id_number"], "the mandate is the same person's"
    assert life.refusal("ask", SPECIALIST, question="?") == []
    assert projections.dossier(life.filing).applicant.name == RIGHT["name"]
    assert papers_of(event) == (PaperKind.CORRECTION,)


def test_a_signature_on_the_form_is_marked_as_not_covering_the_correction() -> None:
    checked = SignatureRecord(outcome=SignatureOutcome.VALID, judged_at=local("2026-11-25 09:00"))
    life = Life(procedure(), Examined(signature=checked), signature=FILE).wait(hours=1)
    assert life.filing.signature_check == checked
    life.do("correct_applicant", LEADER, name=RIGHT["name"], **MISTYPED)
    assert life.filing.signature_check == checked.model_copy(update={"corrected_at": life.now})
    unsigned = Life().do("correct_applicant", RECEPTION, name=RIGHT["name"], **MISTYPED)
    assert unsigned.filing.signature_check is None


def test_who_may_correct_and_until_when() -> None:
    life = Life()
    for actor in (SPECIALIST, APPLICANT):
        assert life.refusal("correct_applicant", actor, **RIGHT, **MISTYPED) == [("actor.role", "role_not_allowed")]
    for same in ({}, {"name": AN.name}, {"name": AN.name, "id_number": AN.id_number}):
        assert life.refusal("correct_applicant", RECEPTION, **same, **MISTYPED) == [("", "nothing_to_correct")]
    refused(life)
    assert [rule for _, rule in life.refusal("correct_applicant", RECEPTION, **RIGHT, **MISTYPED)] == ["filing_closed"]
