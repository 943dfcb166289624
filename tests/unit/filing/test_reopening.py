"""What a reopened filing begins with again, and what it keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.filing.lives import (
    ADDRESS,
    APPLICANT,
    APPRAISE,
    CONSULT,
    DECIDE,
    ENDING,
    LEADER,
    PARTS,
    RECEPTION,
    REFUSING,
    RESULT,
    SECOND,
    SPECIALIST,
    STOP,
    VERIFY,
    Life,
    at,
    fee,
    procedure,
    reopened,
)

ANSWER: dict[str, Any] = {"outcome": "approved", "officer": "h01.31-specialist-1"}


def refused() -> Life:
    return Life().accepted().decided("refused").issued()


def unsupplied_at_intake() -> Life:
    return Life().asked(RECEPTION, ("paper", "identity")).until("2026-12-10 09:00").rung()


@pytest.mark.parametrize(
    ("made", "before", "step", "status", "stage", "rings"),
    [
        (lambda: Life().do("refuse_intake", RECEPTION, **REFUSING), 3, None, 1, "intake", {"intake"}),
        (unsupplied_at_intake, 3, None, 1, "intake", {"intake"}),
        (
            lambda: at(VERIFY).do("stop", LEADER, mode="suspend", **STOP),
            8,
            "verify",
            4,
            "review",
            {"processing", "step"},
        ),
        (lambda: at(VERIFY).do("stop", LEADER, mode="end", **ENDING), 8, "verify", 4, "review", {"processing", "step"}),
        (lambda: at(VERIFY).do("stop", LEADER, mode="end", **ENDING), 8, None, 1, "intake", {"intake"}),
        (refused, 10, "decide", 4, "review", {"processing", "step"}),
        (refused, 10, "appraise", 4, "review", {"processing", "step"}),
        (refused, 10, None, 1, "intake", {"intake"}),
    ],
)
def test_it_stands_where_it_starts_again_and_only_the_clocks_of_that_run(
    made: Callable[[], Life], before: int, step: str | None, status: int, stage: str, rings: set[str]
) -> None:
    life = made()
    assert life.status == before
    reopened(life.wait(days=20), step)
    assert (life.status, life.stage, set(life.ringing)) == (status, stage, rings)
    assert life.filing.step == step
    assert {str(clock) for clock in life.filing.clocks} == rings
    assert all(life.clock(clock).started == life.now for clock in rings)


def test_what_came_of_the_act_is_gone_and_the_proposal_stays_for_who_decides() -> None:
    filing = reopened(refused(), "decide").filing
    assert (filing.closing, filing.closed_at, filing.decision, filing.result, filing.officer) == (None,) * 5
    assert filing.proposal is not None
    assert reopened(refused(), "appraise").filing.proposal is None


def test_it_lives_on_to_its_end_and_can_be_decided_otherwise() -> None:
    life = reopened(refused(), "decide").do("claim", SECOND).do("decide", SECOND, outcome="approved").issued()
    assert (life.status, life.filing.closing, life.kinds.count("decided")) == (10, "delivered", 2)
    assert life.clock("appeal").started == life.now


def test_a_second_result_goes_in_a_second_parcel() -> None:
    life = Life(result_channel="post", address=ADDRESS).accepted().decided("refused").issued()
    life.do("settle_parcel", n=1, outcome="delivered")
    reopened(life, "decide").do("claim", LEADER).do("decide", LEADER, outcome="approved").issued()
    assert (life.filing.parcels, life.stage) == (2, "delivery")
    life.do("settle_parcel", n=1, outcome="delivered")
    assert (life.stage, life.kinds[-1]) == ("delivery", "parcel_found")
    assert life.do("settle_parcel", n=2, outcome="delivered").status == 10
    assert [each.event.n for each in life.log if each.event.kind == "handed_over"] == [1, 2]


def test_what_was_paid_stays_paid() -> None:
    life = Life(procedure(fee=fee())).accepted()
    life.do("settle_fee", n=1, settlement="paid", amount=16_000).decided("refused").issued()
    for n, step in enumerate(("decide", None), 1):
        reopened(life, step, n)
        if step is None:
            life.accepted().proposed()
        life.do("claim", LEADER).do("decide", LEADER, outcome="refused", **REFUSING).issued()
    assert (life.status, life.kinds.count("fee_requested"), life.kinds.count("fee_paid")) == (10, 1, 1)


def test_what_nobody_had_paid_is_asked_for_anew_and_its_payment_let_go() -> None:
    life = Life(procedure(fee=fee(), review=[VERIFY, APPRAISE, DECIDE])).accepted()
    reopened(life.do("stop", LEADER, mode="end", **ENDING), "verify")
    assert [fee.state for fee in life.filing.fees] == ["cancelled", "due"]
    assert (life.filing.payments_to_cancel, [fee.n for fee in life.filing.fees_to_collect]) == ((1,), [2])
    assert life.refusal("settle_fee", n=1, settlement="paid", amount=16_000) == [("n", "no_such_fee")]
    assert life.do("settle_fee", n=2, settlement="paid", amount=16_000).kinds[-1] == "step_started"


def test_a_standing_order_approves_nothing_that_was_complained_about() -> None:
    rules = procedure(standing_order="01/QĐ-UBND", standing_officer="leader-1")
    life = Life(rules).do("accept").issued()
    assert life.filing.decision is not None
    reopened(life, None).accepted()
    assert (life.stage, life.filing.automatic) == ("review", False)


def test_a_supplement_may_be_asked_for_once_more() -> None:
    life = reopened(unsupplied_at_intake(), None)
    life.asked(RECEPTION, ("paper", "identity")).do(
        "supplement", APPLICANT, papers=[{"code": "identity", "file": RESULT}]
    )
    assert life.refusal(
        "request_supplement",
        RECEPTION,
        items=[{"target": "paper", "code": "identity", "note": "mờ"}],
        legal_basis="Đ15",
    ) == [("", "supplement_rounds_used")]
    assert [each.event.n for each in life.log if each.event.kind == "supplement_requested"] == [1, 2]


def test_those_who_were_consulted_after_the_act_are_asked_again() -> None:
    life = at(CONSULT)
    for party in ("police", "health"):
        life.do("record_opinion", SPECIALIST, party=party, consent=False)
    life.do("claim", SPECIALIST).do("propose", SPECIALIST, outcome="refused", **REFUSING)
    life.do("claim", LEADER).do("decide", LEADER, outcome="refused", **REFUSING).issued()
    assert len(reopened(life, "appraise").filing.opinions) == 2
    life.do("claim", SPECIALIST).do("propose", SPECIALIST, outcome="refused", **REFUSING)
    life.do("claim", LEADER).do("decide", LEADER, outcome="refused", **REFUSING).issued()
    assert reopened(life, "consult", 2).filing.opinions == ()
    assert life.stage == "review"


@pytest.mark.parametrize(
    ("made", "said", "rule"),
    [
        (refused, {"about": 1}, "act_over"),
        (refused, {"step": "nowhere"}, "no_such_step"),
        (lambda: Life().do("refuse_intake", RECEPTION, **REFUSING), {"step": "appraise"}, "no_such_step"),
        (lambda: at(VERIFY).do("stop", LEADER, mode="end", **ENDING), {"step": "decide"}, "no_such_step"),
        (lambda: reopened(refused(), "decide"), {"about": 8}, "wrong_stage"),
        (
            lambda: at(VERIFY).do("stop", LEADER, mode="suspend", **STOP).do("withdraw", APPLICANT, reason="đổi ý"),
            {"about": 5},
            "act_over",
        ),
        (
            lambda: at(VERIFY).do("stop", LEADER, mode="suspend", **STOP).do("resume", LEADER),
            {"about": 5},
            "wrong_stage",
        ),
    ],
)
def test_only_what_still_stands_is_undone(made: Callable[[], Life], said: dict[str, Any], rule: str) -> None:
    life = made()
    content = {"n": 1, "about": life.filing.act, "step": None, "officer": SECOND.subject} | said
    assert [found for _, found in life.refusal("settle_complaint", **content)] == [rule]


def test_what_another_agency_was_still_to_decide_is_asked_for_anew_and_what_it_decided_stands() -> None:
    life = at(PARTS).do("settle_part", n=1, **ANSWER).do("stop", LEADER, mode="end", **ENDING)
    reopened(life, "parts")
    assert [(part.n, part.stage) for part in life.filing.parts] == [(1, "answered"), (3, "referred")]
    assert (life.kinds[-1], life.log[-1].event.n) == ("referred", 3)
    assert life.refusal("settle_part", n=2, **ANSWER) == [("n", "no_such_part")]
    assert life.do("settle_part", n=3, **ANSWER).kinds[-3:] == ["part_answered", "parts_decided", "step_started"]


def test_another_agency_goes_on_when_only_a_suspension_is_undone() -> None:
    life = at(PARTS).do("stop", LEADER, mode="suspend", **STOP)
    reopened(life, "parts")
    assert [(part.n, part.stage) for part in life.filing.parts] == [(1, "referred"), (2, "referred")]
