"""A filing that begins again: what was to go back as it had ended is called off, and its next end is judged anew."""

from typing import Any, Final

import pytest

from rules.refund import claims, fold
from rules.refund.view import view
from rules.streams import REFUND
from schemas.ids import StreamId, filing_workflow
from schemas.publishing.fee import RefundCase
from schemas.refund.commands import (
    AnswerChargeBack,
    ApproveRefund,
    LeaveToHand,
    OpenClaimed,
    RecordAsked,
    RecordGiven,
    RequestRefund,
)
from schemas.refund.state import CaseState, Claim, RefundLine
from tests.unit.filing.lives import CASHIER, ENDING, LEADER, SPECIALIST, Life, fee, procedure, reopened
from tests.unit.payments import told
from tests.unit.refund.givings import AMOUNT, ASKED, WHY, Giving, states

STOPPED: Final = Claim(rule=RefundCase.STOPPED, percent=100)
AGAIN: Final = Claim(reopened=1)
STOPPED_AGAIN: Final = Claim(rule=RefundCase.STOPPED, percent=100, reopened=1)
FIRST: Final[dict[str, Any]] = {"case": 1}


def opened() -> Giving:
    return Giving().do(OpenClaimed, claim=STOPPED)


def approved() -> Giving:
    return opened().do(ApproveRefund, LEADER, **FIRST)


def left_to_hand() -> Giving:
    return approved().do(LeaveToHand, **FIRST, rule="not_offered")


def given() -> Giving:
    return approved().do(RecordGiven, **FIRST)


@pytest.mark.parametrize("before", [opened, approved, left_to_hand])
def test_a_case_by_rule_is_called_off_and_the_next_end_is_judged_anew(before: Any) -> None:
    so_far = before().do(OpenClaimed, claim=AGAIN)
    off = so_far.log[-1].event
    assert (off.kind, off.reopened, off.void, off.given) == ("refund_called_off", 1, (1,), 0)
    assert states(so_far) == [(AMOUNT, "void")]
    assert not fold.is_open(so_far.refund)
    assert so_far.refusal(ApproveRefund, LEADER, **FIRST) == ["no_open_refund"]
    assert so_far.refusal(OpenClaimed, claim=AGAIN) == ["wrong_state"]
    so_far.do(OpenClaimed, claim=STOPPED_AGAIN)
    assert states(so_far) == [(AMOUNT, "void"), (AMOUNT, "open")]
    assert so_far.refusal(OpenClaimed, claim=STOPPED_AGAIN) == ["wrong_state"]


def test_what_officers_ask_for_and_what_a_change_made_less_is_not_called_off() -> None:
    less = (RefundLine(code="extract", amount=2_000),)
    so_far = Giving().do(RequestRefund, CASHIER, amount=1_000, **WHY)
    so_far.do(OpenClaimed, claim=STOPPED.model_copy(update={"returned": less}))
    so_far.do(OpenClaimed, claim=AGAIN.model_copy(update={"returned": less}))
    assert states(so_far) == [(1_000, "open"), (2_000, "open"), (AMOUNT - 3_000, "void")]


def test_what_the_provider_may_be_giving_goes_on_and_is_void_if_it_never_gives_it() -> None:
    so_far = approved().do(RecordAsked, **ASKED).do(OpenClaimed, claim=AGAIN)
    assert states(so_far) == [(AMOUNT, "approved")]
    assert so_far.log[-1].event.void == ()
    so_far.do(LeaveToHand, **FIRST, rule="95")
    assert so_far.kinds[-2:] == ["refund_left_to_hand", "refund_called_off"]
    assert states(so_far) == [(AMOUNT, "void")]
    assert (so_far.refund.unanswered, fold.is_open(so_far.refund)) == (0, False)


def test_what_is_void_of_the_end_before_calls_off_nothing_of_the_next_and_goes_back_by_that() -> None:
    """Half of it was going back by the first end; by the second all does. Then the provider refuses the first half."""
    half = Claim(rule=RefundCase.STOPPED, percent=50)
    so_far = Giving().do(OpenClaimed, claim=half).do(ApproveRefund, LEADER, **FIRST)
    so_far.do(RecordAsked, **ASKED).do(OpenClaimed, claim=AGAIN).do(OpenClaimed, claim=STOPPED_AGAIN)
    assert states(so_far) == [(8_001, "approved"), (8_000, "open")], "the first half is a part of it"
    so_far.do(LeaveToHand, **FIRST, rule="95")
    assert states(so_far) == [(8_001, "void"), (8_000, "open")]
    so_far.do(OpenClaimed, claim=STOPPED_AGAIN)
    assert states(so_far) == [(8_001, "void"), (8_000, "open"), (8_001, "open")]
    assert so_far.refusal(OpenClaimed, claim=STOPPED_AGAIN) == ["wrong_state"]


@pytest.mark.parametrize("reopened_first", [True, False])
def test_what_went_back_stays_so_and_a_leader_says_what_becomes_of_the_fee(*, reopened_first: bool) -> None:
    so_far = approved().do(RecordAsked, **ASKED).do(OpenClaimed, claim=AGAIN) if reopened_first else given()
    so_far.do(RecordGiven, **FIRST) if reopened_first else so_far.do(OpenClaimed, claim=AGAIN)
    assert states(so_far) == [(AMOUNT, "given")]
    assert [(task.name, task.role, task.actions) for task in REFUND.rows(so_far.refund).tasks or ()] == [
        ("given_back_too_early", "leader", ("answer_charge_back",))
    ]
    so_far.do(AnswerChargeBack, LEADER, **WHY, outcome="asked_again")
    assert so_far.log[-1].event.amount == AMOUNT
    assert not fold.is_open(so_far.refund)
    assert view(so_far.refund).given == AMOUNT


def test_no_dong_goes_back_twice_by_rule() -> None:
    half = Claim(rule=RefundCase.STOPPED, percent=50)
    so_far = Giving().do(OpenClaimed, claim=half).do(ApproveRefund, LEADER, **FIRST).do(RecordGiven, **FIRST)
    so_far.do(OpenClaimed, claim=half.model_copy(update={"reopened": 1}))
    assert states(so_far) == [(8_001, "given")], "the half that the procedure gives back has gone back"
    so_far.do(OpenClaimed, claim=STOPPED_AGAIN.model_copy(update={"reopened": 2}))
    assert states(so_far) == [(8_001, "given"), (8_000, "open")]
    assert so_far.refund.unanswered == 8_001, "of what went before it has begun again for the first time"


HALF_AGAIN: Final = Claim(rule=RefundCase.WITHDRAWN_AFTERWARDS, percent=50, reopened=1)


@pytest.mark.parametrize(("outcome", "back"), [("written_off", None), ("asked_again", 1_000)])
def test_what_went_back_too_early_is_of_the_share_unless_asked_again(outcome: str, back: int | None) -> None:
    """8,001 went back too early; then 6,000 of what is there are charged back, and asked for again."""
    half = Claim(rule=RefundCase.STOPPED, percent=50)
    so_far = Giving().do(OpenClaimed, claim=half).do(ApproveRefund, LEADER, **FIRST).do(RecordGiven, **FIRST)
    so_far.do(OpenClaimed, claim=AGAIN).do(AnswerChargeBack, LEADER, **WHY, outcome=outcome)
    gone = {"charged_back": 6_000}
    so_far.do(OpenClaimed, claim=AGAIN.model_copy(update=gone))
    so_far.do(AnswerChargeBack, LEADER, **WHY, outcome="asked_again")
    again = HALF_AGAIN.model_copy(update=gone)
    if back is None:
        assert so_far.refusal(OpenClaimed, claim=again) == ["wrong_state"]
    else:
        so_far.do(OpenClaimed, claim=again)
        assert states(so_far)[1:] == [(back, "open")]


def test_only_a_filing_that_has_begun_again_bears_it_out() -> None:
    so_far = opened().do(OpenClaimed, claim=AGAIN)
    stream = filing_workflow(so_far.refund.filing_id)
    evidence = REFUND.evidence(StreamId("refund", so_far.refund.filing_id, 1001), so_far.log[-1].event)
    assert [[(entry.kinds, entry.stream) for entry in way] for way in evidence or ()] == [[(("reopened",), stream)]]


def test_a_filing_says_how_often_it_has_begun_again() -> None:
    rules = {"refunds": [{"case": "stopped", "percent": 100}]}
    life = Life(procedure(fee=fee() | rules)).accepted().do("settle_fee", n=1, settlement="paid", amount=16_000)
    payment = told(("money", "m1"))
    life.do("stop", LEADER, mode="end", **ENDING)
    assert claims.claim(payment, 1001, life.filing).reopened == 0
    reopened(life, None)
    assert claims.claim(payment, 1001, life.filing) == AGAIN
    life.accepted().do("claim", SPECIALIST).do("stop", LEADER, mode="end", **ENDING)
    assert claims.fees_to_return(life.filing) == (1,)
    claim = claims.claim(payment, 1001, life.filing)
    assert (claim.rule, claim.percent, claim.reopened) == (RefundCase.STOPPED, 100, 1)
    assert CaseState.VOID in {entry.state for entry in opened().do(OpenClaimed, claim=claim).refund.entries}
