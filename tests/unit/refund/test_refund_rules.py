"""Officers who request, approve and pay refunds; the logs' facts about a capture; the rounding of a share."""

from collections.abc import Callable
from contextlib import suppress
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.filing.fees.assessment import taken_off
from rules.refund import claims
from rules.refund.kind import view
from rules.require import require
from rules.streams import REFUND
from schemas.errors import RefusalError
from schemas.people import Actor, Role
from schemas.publishing.fee import RefundCase
from schemas.refund import commands as cm
from schemas.refund.state import MOST_CASES, Claim, RefundCause, RefundLine
from tests.unit.filing.fees import paid as paid_online
from tests.unit.filing.fees import rules as with_waivers
from tests.unit.filing.fees import supplied
from tests.unit.filing.lives import (
    APPLICANT,
    CASHIER,
    ENDING,
    LEADER,
    SPECIALIST,
    TEAM_LEAD,
    Life,
    fee,
    officer,
    procedure,
)
from tests.unit.payments import payment_after
from tests.unit.refund.givings import AMOUNT, APART, BY_HAND, CAPTURE, DEPUTY, DUAL, OTHER_AGENCY, UNOWED, WHY, Giving

FIRST: Final = {"case": 1}
HALF_OF_IT: Final = {"waiver": "half", "reason": "hộ nghèo"}
DECLINE: Final = FIRST | {"reason": "đã dùng"}


def asked_by(actor: Actor, **said: Any) -> Giving:
    return Giving().do(cm.RequestRefund, actor, **WHY, **said)


def left_to_hand() -> Giving:
    asked = Giving().do(cm.OpenClaimed, claim=UNOWED).do(cm.ApproveRefund, LEADER, **FIRST)
    return asked.do(cm.LeaveToHand, case=1, rule="not_offered")


@pytest.mark.parametrize(
    ("asks", "approves", "acting_for", "rules"),
    [
        (CASHIER, LEADER, None, []),
        (LEADER, DEPUTY, None, []),
        (LEADER, LEADER, None, ["needs_another"]),
        (DUAL, LEADER, None, ["needs_another"]),
        (LEADER, DEPUTY, LEADER.subject, ["needs_another"]),
        (CASHIER, DEPUTY, LEADER.subject, []),
        (CASHIER, LEADER, LEADER.subject, ["not_for_oneself"]),
        (CASHIER, SPECIALIST, None, ["role_not_allowed"]),
        (LEADER, TEAM_LEAD, None, []),
        (LEADER, TEAM_LEAD, LEADER.subject, ["needs_another"]),
        (CASHIER, TEAM_LEAD, None, ["role_not_allowed"]),
        (CASHIER, OTHER_AGENCY, None, ["other_agency"]),
        (CASHIER, APART, None, ["own_filing"]),
        (CASHIER, DEPUTY, APART.subject, ["own_filing"]),
    ],
)
def test_another_leader_than_who_asked_approves_or_declines(
    asks: Actor, approves: Actor, acting_for: str | None, rules: list[str]
) -> None:
    asked = asked_by(asks)
    assert asked.refusal(cm.ApproveRefund, approves, **FIRST, acting_for=acting_for) == rules
    assert asked.refusal(cm.DeclineRefund, approves, **DECLINE, acting_for=acting_for) == rules


@pytest.mark.parametrize(
    ("said", "rules", "amount"),
    [
        ({}, [], AMOUNT),
        ({"amount": 1}, [], 1),
        ({"amount": AMOUNT}, [], AMOUNT),
        ({"amount": AMOUNT + 1}, ["more_than_captured"], 0),
        ({"lines": [{"code": "a", "amount": 8_000}, {"code": "b", "amount": 1}]}, [], 8_001),
        ({"lines": [{"code": "a", "amount": AMOUNT}, {"code": "b", "amount": 1}]}, ["more_than_captured"], 0),
        ({"lines": [{"code": "a", "amount": 8_000}], "amount": 8_000}, [], 8_000),
        ({"lines": [{"code": "a", "amount": 8_000}], "amount": 8_001}, ["not_the_sum_of_lines"], 0),
    ],
)
def test_the_whole_a_part_or_line_by_line(said: dict[str, Any], rules: list[str], amount: int) -> None:
    assert Giving().refusal(cm.RequestRefund, CASHIER, **WHY, **said) == rules
    if not rules:
        assert asked_by(CASHIER, **said).refund.entries[0].amount == amount


def test_people_ask_a_bounded_number_of_times() -> None:
    asked = Giving()
    for _ in range(MOST_CASES):
        asked.do(cm.RequestRefund, CASHIER, **WHY, amount=1)
    assert asked.refusal(cm.RequestRefund, CASHIER, **WHY, amount=1) == ["too_many_refunds"]
    assert asked.refusal(cm.OpenClaimed, claim=UNOWED) == []


@pytest.mark.parametrize(
    ("actor", "said", "rules"),
    [
        (CASHIER, {}, []),
        (CASHIER, {"bank_reference": "FT1"}, ["for_transfers_alone"]),
        (CASHIER, {"means": "transfer"}, ["for_transfers_alone"]),
        (CASHIER, {"means": "transfer", "bank_reference": "FT1"}, []),
        (LEADER, {}, ["role_not_allowed"]),
        (DUAL, {}, ["needs_another"]),
        (CASHIER, {"acting_for": LEADER.subject}, ["needs_another"]),
        (CASHIER, {"case": 2}, ["no_such_refund"]),
    ],
)
def test_by_hand_it_takes_a_cashier_who_did_not_approve(actor: Actor, said: dict[str, Any], rules: list[str]) -> None:
    assert left_to_hand().refusal(cm.GiveBackByHand, actor, **FIRST | BY_HAND | said) == rules


def test_who_waived_the_fee_does_not_give_back_alone_what_they_decline() -> None:
    """A leader who waived the fee and declined a cashier's request may not approve the resulting refunds alone."""
    waived = Claim(unowed=RefundCause.LATE, ended=(LEADER.subject,))
    so_far = Giving(capture=CAPTURE.model_copy(update={"amount": 15_000})).do(cm.OpenClaimed, claim=Claim(short=True))
    so_far.do(cm.RequestRefund, CASHIER, amount=10_000, **WHY).do(cm.OpenClaimed, claim=waived)
    so_far.do(cm.DeclineRefund, LEADER, **DECLINE)
    assert so_far.refusal(cm.AcceptShortPayment, CASHIER, **WHY) == ["no_short_payment"]
    so_far.do(cm.OpenClaimed, claim=waived)
    assert [(entry.amount, entry.asked_by) for entry in so_far.refund.entries[1:]] == [
        *((5_000, (LEADER.subject,)), (10_000, (LEADER.subject,)))
    ]
    assert so_far.refusal(cm.ApproveRefund, LEADER, case=3) == ["needs_another"]


@pytest.mark.parametrize(("percent", "kinds"), [(None, ["refund_undecided"]), (0, []), (50, ["refund_opened"])])
def test_the_procedure_says_what_goes_back_or_a_leader_does(percent: int | None, kinds: list[str]) -> None:
    claim = Claim(rule=RefundCase.STOPPED, percent=percent)
    so_far = Giving()
    if kinds:
        so_far.do(cm.OpenClaimed, claim=claim)
    assert so_far.kinds == ["refund_begun", *kinds]
    assert so_far.refusal(cm.OpenClaimed, claim=claim) == ["wrong_state"]


def paid_too_much(**claimed: Any) -> Giving:
    """Returns the refund of a payment of 20,000 đồng for a fee of 16,001."""
    said = Giving(capture=CAPTURE.model_copy(update={"amount": 20_000}))
    return said.do(cm.OpenClaimed, claim=Claim(excess=3_999, **claimed))


def test_what_is_too_much_goes_back_and_the_rest_of_it_stays() -> None:
    so_far = paid_too_much()
    opened = so_far.log[-1].event
    assert (opened.amount, opened.cause, opened.asked) == (3_999, RefundCause.EXCESS, AMOUNT)
    assert so_far.refusal(cm.OpenClaimed, claim=Claim(excess=3_999)) == ["wrong_state"]
    assert so_far.refusal(cm.DeclineRefund, LEADER, **DECLINE) == ["nobody_owes_it"]
    so_far.do(cm.RequestRefund, CASHIER, **WHY).do(cm.DeclineRefund, LEADER, **DECLINE | {"case": 2})
    assert so_far.kinds[-1] == "refund_declined"
    so_far.do(cm.OpenClaimed, claim=Claim(unowed=RefundCause.LATE))
    assert [(entry.amount, entry.state) for entry in so_far.refund.entries] == [
        *((3_999, "open"), (AMOUNT, "declined"), (AMOUNT, "open"))
    ]


def test_a_share_is_of_the_fee_and_not_of_what_is_too_much() -> None:
    so_far = paid_too_much(rule=RefundCase.STOPPED, percent=50)
    assert [(entry.case, entry.amount, entry.cause) for entry in so_far.refund.entries] == [
        *((1, 3_999, RefundCause.EXCESS), (2, 8_001, RefundCause.RULE))
    ]


@pytest.mark.parametrize(("amount", "kinds"), [(0, ["refund_decided"]), (1, ["refund_decided", "refund_opened"])])
def test_what_a_leader_decides_another_approves(amount: int, kinds: list[str]) -> None:
    so_far = Giving().do(cm.OpenClaimed, claim=Claim(rule=RefundCase.STOPPED))
    assert so_far.refusal(cm.DecideRefund, CASHIER, **WHY, amount=amount) == ["role_not_allowed"]
    so_far.do(cm.DecideRefund, LEADER, **WHY, amount=amount)
    assert so_far.kinds[2:] == kinds
    assert so_far.refusal(cm.DecideRefund, LEADER, **WHY, amount=amount) == ["nothing_to_decide"]
    if amount:
        assert so_far.refusal(cm.ApproveRefund, LEADER, **FIRST) == ["needs_another"]


@given(amount=st.integers(1, 10**12), percent=st.integers(0, 100))
def test_a_share_is_rounded_half_up_to_a_dong(amount: int, percent: int) -> None:
    exact = Decimal(amount) * percent / 100
    assert taken_off(amount, percent) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@pytest.mark.parametrize(
    ("story", "causes"),
    [
        ((("money", "m1"),), [None]),
        ((("money", "m1"), ("money", "m2")), [None, RefundCause.SECOND]),
        ((("money", "m1", 15_999),), [None]),
        ((("money", "m1", 15_999), ("money", "m2")), [RefundCause.SECOND, None]),
        ((("money", "m1", 15_999), "expire"), [RefundCause.LATE]),
        ((("money", "m1", 15_999), "cancel"), [RefundCause.LATE]),
        ((("money", "m1", 16_001), ("money", "m2", 16_001)), [None, RefundCause.SECOND]),
        (("expire", ("money", "m1")), [RefundCause.LATE]),
        ((("money", "m1"), "cancel"), [RefundCause.LATE]),
    ],
)
def test_why_nobody_owes_a_capture(story: tuple[Any, ...], causes: list[RefundCause | None]) -> None:
    payment = payment_after(*story)
    assert [claims.unowed(payment, capture) for capture in payment.captures] == causes


def paid(life: Life) -> Life:
    return life.do("settle_fee", n=1, settlement="paid", amount=16_000)


RULES: Final = {"refunds": [{"case": "withdrawn_afterwards", "percent": 50}, {"case": "stopped", "percent": 0}]}


@pytest.mark.parametrize(
    ("lives", "case", "percent", "fees"),
    [
        (lambda life: life, None, None, ()),
        (lambda life: life.do("withdraw", APPLICANT, reason="thôi"), RefundCase.WITHDRAWN_AFTERWARDS, 50, (1,)),
        (lambda life: life.do("stop", LEADER, mode="end", **ENDING), RefundCase.STOPPED, 0, ()),
    ],
    ids=["it goes on", "withdrawn", "stopped"],
)
def test_how_the_filing_ended_says_what_goes_back(
    lives: Callable[[Life], Life], case: RefundCase | None, percent: int | None, fees: tuple[int, ...]
) -> None:
    life = lives(paid(Life(procedure(fee=fee() | RULES)).accepted()))
    assert claims.ended_as(life.filing) == case
    assert claims.fees_to_return(life.filing) == fees
    stopped = case is RefundCase.STOPPED
    by = {"ended": (LEADER.subject,) if stopped else (), "by_leader": stopped}
    expected = Claim() if case is None else Claim(rule=case, percent=percent, **by)
    assert claims.claim(payment_after(("money", "m1")), 1001, life.filing) == expected
    assert claims.claim(payment_after(("money", "m1"), ("money", "m2")), 1002, life.filing) == Claim(
        unowed=RefundCause.SECOND
    )


def test_what_was_requested_of_one_part_lessens_the_share_of_another_until_it_is_declined() -> None:
    """The rule refunds half of 16,000; a request for 10,000 from the first part came before, and exceeds this half."""
    filing = paid(Life(procedure(fee=fee() | RULES)).accepted()).do("withdraw", APPLICANT, reason="thôi").filing
    payment = payment_after(("money", "m1", 10_000), ("money", "m2", 6_000))
    first, second = (Giving(require(claims.capture_of(payment, n))) for n in (1001, 1002))
    first.do(cm.RequestRefund, CASHIER, amount=10_000, **WHY)

    def looked(so_far: Giving, n: int) -> list[int]:
        refunds = {1001: first.refund, 1002: second.refund}
        with suppress(RefusalError):
            so_far.do(cm.OpenClaimed, claim=claims.claim(payment, n, filing, (), refunds))
        return [entry.amount for entry in so_far.refund.entries if entry.cause is RefundCause.RULE]

    assert [looked(first, 1001), looked(second, 1002)] == [[], []]
    first.do(cm.DeclineRefund, LEADER, case=1, reason="-")
    first.do(cm.RequestRefund, CASHIER, amount=5_500, **WHY)
    assert [looked(first, 1001), looked(second, 1002)] == [[], [2_500]], "8,000 in all"
    first.do(cm.DeclineRefund, LEADER, case=2, reason="-")
    assert [looked(first, 1001), looked(second, 1002)] == [[5_000], [2_500, 500]], "as if nobody had requested it"
    thrice = payment_after(("money", "m1", 6_000), ("money", "m2", 6_000), ("money", "m3", 4_000))
    of_three = Giving(require(claims.capture_of(thrice, 1001)))
    of_three.do(cm.RequestRefund, CASHIER, amount=6_000, **WHY)
    found = [claims.claim(thrice, n, filing, (), {1001: of_three.refund}).elsewhere for n in (1001, 1002, 1003)]
    assert found == [0, 3_000, 0], "the part before takes all of it"
    assert claims.together(payment, 1002) == (1001, 1002)
    assert claims.together(payment_after(("money", "m1")), 1001) == ()


def test_who_waived_a_part_of_the_fee_does_not_give_it_back_alone() -> None:
    less = supplied(paid_online(Life(with_waivers())), copies=3).do("waive_fee", CASHIER, **HALF_OF_IT)
    made_less = claims.claim(payment_after(("money", "m1")), 1001, less.filing)
    assert sum(line.amount for line in made_less.returned) == 4_000
    waived = Life(with_waivers()).do("waive_fee", CASHIER, **HALF_OF_IT)
    too_late = claims.claim(payment_after("cancel", ("money", "m1")), 1001, waived.filing)
    assert too_late.unowed is RefundCause.LATE
    in_another_role = officer(Role.LEADER, CASHIER.subject)
    for claim in (made_less, too_late):
        so_far = Giving().do(cm.OpenClaimed, claim=claim)
        assert so_far.refusal(cm.ApproveRefund, in_another_role, **FIRST) == ["needs_another"]
        assert so_far.refusal(cm.ApproveRefund, LEADER, **FIRST, acting_for=CASHIER.subject) == ["needs_another"]
        assert so_far.refusal(cm.ApproveRefund, LEADER, **FIRST) == []


def test_what_was_paid_at_the_counter_goes_back_by_the_same_rules_and_never_by_a_provider() -> None:
    life = Life(procedure(fee=fee(channels=("counter",)) | RULES)).accepted()
    assert claims.taken_without_provider(life.filing, 1000) is None
    life.do("pay_at_counter", CASHIER, amount=16_000)
    taken = require(claims.taken_without_provider(life.filing, 1000))
    assert (taken.payment, taken.amount, taken.provider) == (1, 16_000, "counter")
    assert [claims.taken_without_provider(life.filing, n) for n in (1001, 2000)] == [None, None]
    assert claims.claim_without_provider(life.filing, 1000) == Claim()
    life.do("withdraw", APPLICANT, reason="thôi")
    assert claims.fees_to_return(life.filing) == (1,)
    assert claims.claim_without_provider(life.filing, 1000) == Claim(rule=RefundCase.WITHDRAWN_AFTERWARDS, percent=50)


def test_without_a_rule_somebody_decides_under_the_number_of_the_capture() -> None:
    life = paid(Life(procedure(fee=fee())).accepted()).do("withdraw", APPLICANT, reason="thôi")
    assert claims.fees_to_return(life.filing) == (1,)
    assert claims.claim(payment_after(("money", "m1")), 1001, life.filing) == Claim(
        rule=RefundCase.WITHDRAWN_AFTERWARDS
    )
    payment = payment_after(("money", "m1"), ("money", "m2"))
    found = require(claims.capture_of(payment, claims.number_of(1, 2)))
    assert (found.payment, found.capture_id) == (1, "m2")
    assert [claims.capture_of(payment, n) for n in (1000, 1003)] == [None, None]


def less(*amounts: int) -> tuple[RefundLine, ...]:
    return tuple(RefundLine(code="extract", amount=amount) for amount in amounts)


def test_what_a_fee_became_less_is_opened_once_and_more_of_it_once_more() -> None:
    life = Giving().do(cm.OpenClaimed, claim=Claim(returned=less(6_000)))
    assert life.refusal(cm.OpenClaimed, claim=Claim(returned=less(6_000))) == ["wrong_state"]
    life.do(cm.OpenClaimed, claim=Claim(returned=less(6_000, 2_000)))
    assert [(one.cause, one.amount, one.lines) for one in life.refund.entries] == [
        (RefundCause.DIFFERENCE, 6_000, less(6_000)),
        (RefundCause.DIFFERENCE, 2_000, less(2_000)),
    ]
    assert life.refusal(cm.DeclineRefund, LEADER, **DECLINE) == ["nobody_owes_it"]
    assert life.refund.unowed is None


def test_what_was_forgone_of_a_fee_does_not_go_back() -> None:
    """16,001 of 20,000 đồng were paid, and accepted as the whole fee."""
    short = CAPTURE.model_copy(update={"asked": 20_000})
    assert Giving(short).refusal(cm.OpenClaimed, claim=Claim(returned=less(3_999))) == ["wrong_state"]
    life = Giving(short).do(cm.OpenClaimed, claim=Claim(returned=less(3_000, 2_000)))
    assert sum(one.amount for one in life.refund.entries) == 1_001
    life.do(cm.OpenClaimed, claim=Claim(returned=less(3_000, 2_000, 1_000), rule=RefundCase.STOPPED, percent=100))
    assert [(one.cause, one.amount) for one in life.refund.entries[1:]] == [
        (RefundCause.DIFFERENCE, 1_000),
        (RefundCause.RULE, 14_000),
    ]


def test_what_people_gave_back_before_counts_for_a_difference() -> None:
    life = asked_by(CASHIER, amount=5_000).do(cm.OpenClaimed, claim=Claim(returned=less(6_000)))
    assert (life.refund.entries[1].amount, life.refund.entries[1].lines) == (1_000, less(1_000))
    assert life.refusal(cm.OpenClaimed, claim=Claim(returned=less(6_000))) == ["wrong_state"]
    life.do(cm.DeclineRefund, LEADER, **DECLINE).do(cm.OpenClaimed, claim=Claim(returned=less(6_000)))
    assert life.refund.entries[2].amount == 5_000, "nobody gives back by request what was declined"


def test_each_task_names_its_case_and_who_has_it() -> None:
    so_far = asked_by(CASHIER, amount=1).do(cm.OpenClaimed, claim=UNOWED).do(cm.ApproveRefund, LEADER, case=2)
    so_far.do(cm.LeaveToHand, case=2, rule="95")
    assert [(task.name, task.role, task.actions) for task in REFUND.rows(so_far.refund).tasks or ()] == [
        ("approve_refund:1", "leader", ("approve_refund", "decline_refund")),
        ("give_back_by_hand:2", "cashier", ("give_back_by_hand",)),
    ]
    assert view(so_far.refund).given == 0
    so_far.do(cm.GiveBackByHand, CASHIER, case=2, **BY_HAND)
    assert view(so_far.refund).given == AMOUNT - 1
