"""Less came than was asked: it goes back, or two take it for the whole fee."""

from __future__ import annotations

from typing import Any, Final

import pytest

from rules.refund import claims, fold, status
from rules.streams import REFUND
from schemas.people import Actor
from schemas.refund.commands import AcceptShortPayment, ApproveShortPayment, DeclineRefund, OpenClaimed, RequestRefund
from schemas.refund.state import Claim, RefundCause
from tests.unit.filing.lives import CASHIER, LEADER, SPECIALIST, Life, fee, procedure
from tests.unit.payments import told
from tests.unit.refund.givings import AMOUNT, APART, CAPTURE, DEPUTY, DUAL, OTHER_AGENCY, WHY, Giving

SHORT: Final = Claim(short=True)
ASKED: Final = AMOUNT + 1_000


def disputed() -> Giving:
    """1,000 đồng are missing."""
    return Giving(capture=CAPTURE.model_copy(update={"asked": ASKED})).do(OpenClaimed, claim=SHORT)


def proposed(actor: Actor = CASHIER, **said: Any) -> Giving:
    return disputed().do(AcceptShortPayment, actor, **WHY, **said)


def tasks(so_far: Giving) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(task.name, str(task.role), task.actions) for task in REFUND.rows(so_far.refund).tasks or ()]


def test_it_waits_for_people_and_nothing_goes_back_by_itself() -> None:
    so_far = disputed()
    assert so_far.kinds == ["refund_begun", "refund_disputed"]
    assert so_far.refusal(OpenClaimed, claim=SHORT) == ["wrong_state"]
    actions = ("accept_short_payment", "request_refund")
    assert tasks(so_far) == [("short_payment", "cashier", actions), ("short_payment", "leader", actions)]
    assert fold.is_open(so_far.refund)


@pytest.mark.parametrize(
    ("asks", "approves", "acting_for", "rules"),
    [
        (CASHIER, LEADER, None, []),
        (LEADER, DEPUTY, None, []),
        (LEADER, LEADER, None, ["needs_another"]),
        (DUAL, LEADER, None, ["needs_another"]),
        (LEADER, DEPUTY, LEADER.subject, ["needs_another"]),
        (CASHIER, CASHIER, None, ["role_not_allowed"]),
        (CASHIER, SPECIALIST, None, ["role_not_allowed"]),
        (CASHIER, OTHER_AGENCY, None, ["other_agency"]),
        (CASHIER, APART, None, ["own_filing"]),
        (CASHIER, DEPUTY, APART.subject, ["own_filing"]),
    ],
)
def test_another_leader_than_who_asked_takes_it_for_the_whole_fee(
    asks: Actor, approves: Actor, acting_for: str | None, rules: list[str]
) -> None:
    so_far = proposed(asks)
    assert so_far.refusal(ApproveShortPayment, approves, acting_for=acting_for) == rules
    if not rules:
        so_far.do(ApproveShortPayment, approves)
        event = so_far.log[-1].event
        assert (event.amount, event.forgone) == (AMOUNT, 1_000)
        assert status.accepted(so_far.refund) is not None
        assert not fold.is_open(so_far.refund)
        assert so_far.refusal(ApproveShortPayment, DEPUTY) == ["no_short_payment"]


def test_nobody_agrees_to_what_nobody_has_asked_for() -> None:
    assert disputed().refusal(ApproveShortPayment, LEADER) == ["nobody_accepts_it"]
    assert Giving().refusal(AcceptShortPayment, CASHIER, **WHY) == ["no_short_payment"]
    assert disputed().refusal(AcceptShortPayment, SPECIALIST, **WHY) == ["role_not_allowed"]


def test_a_leader_who_disagrees_has_it_given_back() -> None:
    so_far = proposed()
    assert tasks(so_far) == [("short_payment", "leader", ("approve_short_payment", "request_refund"))]
    so_far.do(RequestRefund, LEADER, **WHY)
    assert so_far.refusal(ApproveShortPayment, DEPUTY) == ["no_short_payment"]
    assert [name for name, *_ in tasks(so_far)] == ["approve_refund:1"]
    so_far.do(DeclineRefund, DEPUTY, case=1, reason="nhận")
    so_far.do(ApproveShortPayment, DEPUTY)
    assert so_far.refund.accepted


def test_what_goes_back_in_part_is_not_taken_for_the_whole_fee() -> None:
    so_far = proposed().do(RequestRefund, LEADER, **WHY, amount=1)
    assert so_far.refusal(ApproveShortPayment, DEPUTY) == ["no_short_payment"]
    assert fold.is_open(so_far.refund)


@pytest.mark.parametrize("cause", [RefundCause.LATE, RefundCause.SECOND])
def test_once_nobody_owes_it_it_goes_back_whatever_two_have_agreed(cause: RefundCause) -> None:
    so_far = proposed().do(ApproveShortPayment, LEADER).do(OpenClaimed, claim=Claim(unowed=cause))
    assert [(entry.amount, entry.cause) for entry in so_far.refund.entries] == [(AMOUNT, cause)]
    assert proposed().do(OpenClaimed, claim=Claim(unowed=cause)).refusal(ApproveShortPayment, LEADER) == [
        "no_short_payment"
    ]


def test_it_is_disputed_only_while_the_fee_is_due() -> None:
    filing = Life(procedure(fee=fee())).accepted().filing
    assert claims.claim(told(("money", "m1", 15_000)), 1001, filing) == SHORT
    settled = (("expire",), (("money", "m2"),))
    causes = [claims.claim(told(("money", "m1", 15_000), *then), 1001, filing).unowed for then in settled]
    assert causes == [RefundCause.LATE, RefundCause.SECOND]
    assert claims.claim(told(("money", "m1", 15_000), ("accept", "m1", 1_000)), 1001, filing) == Claim()
