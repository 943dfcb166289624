"""Payments that are too small, charge-backs, and reopened filings: the officers' decisions and the refunds."""

from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.payment import charge_backs
from rules.payment.kind import view
from rules.refund import claims, fold
from rules.refund.kind import accepted
from rules.refund.kind import view as refund_view
from rules.require import require
from rules.streams import PAYMENT, REFUND
from schemas.errors import RefusalError
from schemas.ids import StreamId, filing_workflow
from schemas.payment.commands import RecordAcceptance
from schemas.payment.events import PaymentChargeBackAhead
from schemas.payment.state import Capture, CaptureAccepted, ChargeBack, Payment
from schemas.people import Actor
from schemas.publishing.fee import RefundCase
from schemas.refund import commands as cm
from schemas.refund.state import CaseState, Claim, RefundCause, RefundLine
from tests.unit.filing.lives import CASHIER, ENDING, LEADER, SPECIALIST, Life, fee, procedure, reopened
from tests.unit.payments import FILING, NOW, PaymentStory, payment_after
from tests.unit.refund.givings import AMOUNT, APART, ASKED, CAPTURE, DEPUTY, DUAL, OTHER_AGENCY, WHY, Giving, states

SHORT: Final = Claim(short=True)


def disputed() -> Giving:
    """Returns the refund of a payment in which 1,000 đồng of the fee are missing."""
    return Giving(capture=CAPTURE.model_copy(update={"asked": AMOUNT + 1_000})).do(cm.OpenClaimed, claim=SHORT)


def proposed(actor: Actor = CASHIER, **said: Any) -> Giving:
    return disputed().do(cm.AcceptShortPayment, actor, **WHY, **said)


def tasks(so_far: Giving) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(task.name, str(task.role), task.actions) for task in REFUND.rows(so_far.refund).tasks or ()]


def test_it_waits_for_people_and_nothing_goes_back_by_itself() -> None:
    so_far = disputed()
    assert so_far.kinds == ["refund_begun", "refund_disputed"]
    assert so_far.refusal(cm.OpenClaimed, claim=SHORT) == ["wrong_state"]
    assert so_far.refusal(cm.ApproveShortPayment, LEADER) == ["nobody_accepts_it"]
    actions = ("accept_short_payment", "request_refund")
    assert tasks(so_far) == [("short_payment", "cashier", actions), ("short_payment", "leader", actions)]
    assert fold.is_open(so_far.refund)


def test_another_leader_than_who_asked_takes_it_for_the_whole_fee() -> None:
    """Only a leader of the same agency other than the proposer may accept a short payment as the whole fee."""
    for asks, approves, rule in ((DUAL, LEADER, "needs_another"), (CASHIER, OTHER_AGENCY, "other_agency")):
        assert proposed(asks).refusal(cm.ApproveShortPayment, approves) == [rule]
    assert proposed().refusal(cm.ApproveShortPayment, DEPUTY, acting_for=APART.subject) == ["own_filing"]
    so_far = proposed(LEADER).do(cm.ApproveShortPayment, DEPUTY)
    event = so_far.log[-1].event
    assert (event.amount, event.forgone) == (AMOUNT, 1_000)
    assert accepted(so_far.refund) is not None
    assert not fold.is_open(so_far.refund)
    assert so_far.refusal(cm.ApproveShortPayment, DEPUTY) == ["no_short_payment"]


def test_all_that_came_is_accepted_and_no_more_is_forgone_than_was_proposed() -> None:
    so_far = disputed().do(cm.AcceptWithOthers, CASHIER, **WHY, beside=400)
    assert so_far.log[-1].event.forgone == 600
    assert so_far.refusal(cm.ApproveShortPayment, LEADER) == [], "before the others are looked up"
    assert so_far.refusal(cm.ApproveWithOthers, LEADER, beside=399) == ["nobody_accepts_it"], "some of it went back"
    so_far.do(cm.ApproveWithOthers, LEADER, beside=500)
    taken = require(accepted(so_far.refund))
    assert (so_far.log[-1].event.forgone, taken.forgone) == (500, 500)
    assert payment_after(("money", "m0", 15_000), ("money", "m1", 500), ("accept", "m1", 500)).forgone == 500


@pytest.mark.parametrize("sent", [False, True])
def test_a_part_that_others_make_up_is_disputed_no_more_and_requests_for_it_are_void(*, sent: bool) -> None:
    so_far = proposed().do(cm.RequestRefund, LEADER, **WHY).do(cm.ApproveRefund, DEPUTY, case=1)
    if sent:  # then the payment does not count it, unless both happened at the same moment
        so_far.do(cm.RecordAsked, **ASKED)
    so_far.do(cm.OpenClaimed, claim=Claim())
    assert so_far.kinds[-1] == "shortfall_made_up"
    assert states(so_far) == [(AMOUNT, "approved" if sent else "void")]
    assert tasks(so_far) == []
    assert so_far.refusal(cm.OpenClaimed, claim=Claim()) == ["wrong_state"]
    assert so_far.refusal(cm.ApproveShortPayment, DEPUTY) == ["no_short_payment"]
    [[others], [itself]] = require(REFUND.evidence(StreamId("refund", FILING, 1001), so_far.log[-1].event))
    assert others.fields == {"parts": ["m1"]}
    assert itself.kinds == ("payment_accepted",)


def test_a_leader_who_disagrees_has_it_given_back() -> None:
    so_far = proposed()
    assert tasks(so_far) == [("short_payment", "leader", ("approve_short_payment", "request_refund"))]
    so_far.do(cm.RequestRefund, LEADER, **WHY)
    assert so_far.refusal(cm.ApproveShortPayment, DEPUTY) == ["no_short_payment"]
    assert [(name, role) for name, role, *_ in tasks(so_far)] == [
        ("approve_refund:1", "leader"),
        ("approve_refund:1", "team_lead"),
    ]
    so_far.do(cm.DeclineRefund, DEPUTY, case=1, reason="nhận")
    so_far.do(cm.ApproveShortPayment, DEPUTY)
    assert so_far.refund.accepted


@pytest.mark.parametrize("cause", [RefundCause.LATE, RefundCause.SECOND])
def test_once_nobody_owes_it_it_goes_back_whatever_two_have_agreed(cause: RefundCause) -> None:
    so_far = proposed().do(cm.ApproveShortPayment, LEADER).do(cm.OpenClaimed, claim=Claim(unowed=cause))
    assert [(entry.amount, entry.cause) for entry in so_far.refund.entries] == [(AMOUNT, cause)]
    assert proposed().do(cm.OpenClaimed, claim=Claim(unowed=cause)).refusal(cm.ApproveShortPayment, LEADER) == [
        "no_short_payment"
    ]


def test_it_is_disputed_only_while_the_fee_is_due() -> None:
    filing = Life(procedure(fee=fee())).accepted().filing
    assert claims.claim(payment_after(("money", "m1", 15_000)), 1001, filing) == SHORT
    settled = (("expire",), (("money", "m2"),))
    causes = [claims.claim(payment_after(("money", "m1", 15_000), *then), 1001, filing).unowed for then in settled]
    assert causes == [RefundCause.LATE, RefundCause.SECOND]
    assert claims.claim(payment_after(("money", "m1", 15_000), ("accept", "m1", 1_000)), 1001, filing) == Claim()
    parts = ("money", "m1", 9_000), ("money", "m2", 3_000)
    assert claims.claim(payment_after(*parts), 1001, filing) == Claim(short=True, beside=3_000)
    assert claims.claim(payment_after(*parts), 1002, filing, ["m1"]) == SHORT
    paid = payment_after(*parts, ("money", "m3", 5_000))
    befores = [claims.claim(paid, 1001 + n, filing) for n in range(3)]
    assert befores == [Claim(), Claim(before=9_000), Claim(before=12_000, excess=1_000)]


@pytest.mark.parametrize(
    ("amounts", "reduced", "back"),
    [
        ((10_000, 9_001), 0, (5_000, 4_501)),
        ((9_001, 10_000), 0, (4_501, 5_000)),
        ((1, 1, 18_999), 0, (1, 0, 9_500)),
        ((10_000, 9_001), 2_000, (5_000, 2_000 + 3_501)),
        ((10_000, 9_001), 12_000, (3_000 + 3_500, 9_001)),
        ((10_000, 10_000), 0, (5_000, 999 + 4_501)),
    ],
)
def test_shares_of_a_fee_that_came_in_parts_add_up_to_the_share_of_the_whole(
    amounts: tuple[int, ...], reduced: int, back: tuple[int, ...]
) -> None:
    """At the end half of 19,001 đồng is refunded; a reduction by a supplement is refunded from the last part."""
    before, came = 0, []
    less = (RefundLine(code="extract", amount=reduced),) if reduced else ()
    for amount in amounts:
        excess = max(before + amount - 19_001, 0)
        claim = Claim(rule=RefundCase.STOPPED, percent=50, before=before, excess=excess, returned=less)
        so_far = Giving(CAPTURE.model_copy(update={"amount": amount, "asked": 19_001}))
        with suppress(RefusalError):
            so_far.do(cm.OpenClaimed, claim=claim)
        came.append(sum(one.amount for one in so_far.refund.entries))
        before += amount
    assert tuple(came) == back


def test_a_rule_gives_back_what_people_have_not_asked_for() -> None:
    """The rule refunds 9,501 of 19,001 đồng. Officers request 15,000 and 500; a leader declines both requests."""
    half = Claim(rule=RefundCase.WITHDRAWN_AFTERWARDS, percent=50)
    so_far = Giving(CAPTURE.model_copy(update={"amount": 19_001, "asked": 19_001}))
    so_far.do(cm.RequestRefund, CASHIER, amount=15_000, **WHY)
    assert so_far.refusal(cm.OpenClaimed, claim=half) == ["wrong_state"]
    so_far.do(cm.RequestRefund, CASHIER, amount=500, **WHY).do(cm.DeclineRefund, LEADER, case=1, reason="đã dùng")
    so_far.do(cm.OpenClaimed, claim=half)
    so_far.do(cm.DeclineRefund, LEADER, case=2, reason="đã dùng").do(cm.OpenClaimed, claim=half)
    assert states(so_far) == [(15_000, "declined"), (500, "declined"), (9_001, "open"), (500, "open")]
    assert so_far.refusal(cm.OpenClaimed, claim=half) == ["wrong_state"]


GONE: Final = Claim(charged_back=AMOUNT)
ANSWER: Final = WHY | {"outcome": "written_off"}


def test_a_fee_that_is_taken_back_waits_for_a_leader() -> None:
    so_far = Giving().do(cm.OpenClaimed, claim=GONE)
    assert so_far.kinds == ["refund_begun", "refund_charged_back"]
    assert [(task.name, task.role, task.actions) for task in REFUND.rows(so_far.refund).tasks or ()] == [
        ("charge_back", "leader", ("answer_charge_back",))
    ]
    assert so_far.refusal(cm.OpenClaimed, claim=GONE) == ["wrong_state"]
    assert so_far.refusal(cm.RequestRefund, CASHIER, **WHY) == ["more_than_captured"]
    assert so_far.refusal(cm.AnswerChargeBack, CASHIER, **ANSWER) == ["role_not_allowed"]
    assert so_far.refusal(cm.AnswerChargeBack, OTHER_AGENCY, **ANSWER) == ["other_agency"]
    assert so_far.refusal(cm.AnswerChargeBack, APART, **ANSWER) == ["own_filing"]
    so_far.do(cm.AnswerChargeBack, LEADER, **ANSWER)
    assert so_far.log[-1].event.amount == AMOUNT
    assert not fold.is_open(so_far.refund)
    assert so_far.refusal(cm.AnswerChargeBack, LEADER, **ANSWER) == ["no_charge_back"]


def approved() -> Giving:
    return Giving().do(cm.RequestRefund, CASHIER, **WHY).do(cm.ApproveRefund, LEADER, case=1)


@pytest.mark.parametrize("back", [1, 6_000, 10_001, AMOUNT])
def test_of_two_that_are_approved_the_one_is_called_off_for_which_too_little_is_there(back: int) -> None:
    so_far = Giving()
    for case, amount in enumerate((6_000, AMOUNT - 6_000), 1):
        so_far.do(cm.RequestRefund, CASHIER, **WHY, amount=amount).do(cm.ApproveRefund, LEADER, case=case)
    so_far.do(cm.RecordAsked, **ASKED).do(cm.OpenClaimed, claim=Claim(charged_back=back))
    assert states(so_far) == [(6_000, "approved"), (AMOUNT - 6_000, "void")]
    so_far.do(cm.RecordGiven, case=1)
    assert fold.gone_twice(so_far.refund) == max(back + 6_000 - AMOUNT, 0)


@pytest.mark.parametrize("unowed", [None, RefundCause.LATE])
@pytest.mark.parametrize("back", [1, AMOUNT])
def test_what_the_provider_does_not_give_after_all_nobody_gives(back: int, unowed: RefundCause | None) -> None:
    so_far = approved().do(cm.RecordAsked, **ASKED).do(cm.OpenClaimed, claim=Claim(charged_back=back, unowed=unowed))
    assert states(so_far) == [(AMOUNT, "approved")]
    so_far.do(cm.LeaveToHand, case=1, rule="95")
    if unowed is not None and back < AMOUNT:
        so_far.do(cm.OpenClaimed, claim=Claim(charged_back=back, unowed=unowed))
    rest = [] if unowed is None or back == AMOUNT else [(AMOUNT - back, "open")]
    assert states(so_far) == [(AMOUNT, "void"), *rest]
    assert so_far.refund.charged_back == back


def test_what_the_provider_may_be_giving_is_not_called_off_and_what_goes_twice_is_said() -> None:
    so_far = approved().do(cm.RecordAsked, **ASKED).do(cm.OpenClaimed, claim=GONE)
    assert states(so_far) == [(AMOUNT, "approved")]
    assert refund_view(so_far.refund).gone_twice is None
    so_far.do(cm.RecordGiven, case=1)
    shown = refund_view(so_far.refund)
    assert (shown.given, shown.charged_back, shown.gone_twice) == (AMOUNT, AMOUNT, AMOUNT)


def charged(*story: Any, transaction: str = "m1", amount: int = 16_000) -> Payment:
    so_far = PaymentStory()
    for step in story:
        name, *values = (step,) if isinstance(step, str) else step
        getattr(so_far, name)(*values)
    so_far.charge_back(transaction, amount)
    with pytest.raises(RefusalError):
        so_far.charge_back(transaction, amount)
    return so_far.payment


@pytest.mark.parametrize(
    ("transaction", "amount", "capture"),
    [("m1", 16_000, "m1"), ("m2", 1, "m2"), ("r9", 16_000, "m2"), ("r9", 20_000, "m3"), ("r9", 5, None)],
)
def test_which_money_is_taken_back(transaction: str, amount: int, capture: str | None) -> None:
    """If a charge-back has the number of a capture, it concerns that capture.

    If it has a number of its own, it concerns the last capture of the same amount.
    """
    payment = payment_after(("money", "m1"), ("money", "m2"), ("money", "m3", 20_000))
    back = ChargeBack(transaction=transaction, amount=amount, at=NOW)
    found = charge_backs.capture_of(payment, back)
    assert (found.capture_id if found else None) == capture
    assert charge_backs.capture_of(payment, back.model_copy(update={"attempt": 2})) is None, "of another request"


def test_what_names_its_money_by_number_is_of_no_other_money_of_that_amount() -> None:
    """The charge-back is reported before the capture that it names, and after another capture of the same amount."""
    so_far = payment_after(("money", "m1"))
    back = ChargeBack(transaction="m2", amount=16_000, at=NOW, by_number=True)
    assert isinstance(charge_backs.charge_back_event(so_far, back), PaymentChargeBackAhead)
    so_far = so_far.model_copy(update={"ahead": (back.model_copy(update={"transaction": "m3"}), back)})
    assert [
        one.transaction for one in charge_backs.ahead_of(so_far, Capture(capture_id="m2", amount=16_000, at=NOW))
    ] == ["m2"]
    assert charge_backs.ahead_of(so_far, Capture(capture_id="m4", amount=16_000, at=NOW)) == ()


@pytest.mark.parametrize("apart", [True, False])
@pytest.mark.parametrize("own_numbers", [True, False])
@given(order=st.permutations(range(6)))
def test_every_charge_back_is_recorded_once_in_whatever_order_it_and_its_money_are_told(
    order: list[int], *, own_numbers: bool, apart: bool
) -> None:
    """Three charge-backs, of one amount or (`apart`) of three amounts; each has its own number or its capture's."""
    so_far = PaymentStory()
    for step in order:
        n = step % 3
        amount = 16_000 + (n if apart else 0)
        if step < 3:
            so_far.money(f"m{n}", amount)
        elif own_numbers:
            so_far.charge_back(f"r{n}", amount)
        else:
            so_far.charge_back(f"m{n}", amount, by_number=True)
        known, ahead = so_far.payment.charged_back, so_far.payment.ahead
        assert len({one.transaction for one in known} | {one.transaction for one in ahead}) == len(known) + len(ahead)
    assert so_far.payment.ahead == ()
    assert {one.capture_id: one.amount for one in so_far.payment.charged_back} == {
        f"m{n}": 16_000 + (n if apart else 0) for n in range(3)
    }
    assert [one.transaction == one.capture_id for one in so_far.payment.charged_back] == [not own_numbers] * 3
    assert so_far.payment.to_refund == ()


LATER: Final = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("backs", "recorded"),
    [
        ([("m1", 3_000), ("m1", 4_000)], [("m1", 3_000), ("m1", 4_000)]),
        ([("m1", 3_000), ("m1", 3_000)], [("m1", 3_000)]),
        ([("m1", 3_000), ("m1", 4_000), ("m1", 3_000), ("m1", 4_000)], [("m1", 3_000), ("m1", 4_000)]),
        ([("m1", 3_000), ("m1", 3_000, None, LATER)], [("m1", 3_000), ("m1", 3_000)]),
        ([("m1", 10_000), ("m1", 4_000), ("m1", 4_000, None, LATER)], [("m1", 10_000), ("m1", 4_000), ("m1", 2_000)]),
        ([("m1", 10_000), ("m1", 10_000, None, LATER)] * 2, [("m1", 10_000), ("m1", 6_000)]),
        ([("m1", 16_000), ("m1", 16_000, None, LATER), ("m1", 1)], [("m1", 16_000)]),
        ([("m1", 16_001)] * 2, [("m1", 16_000)]),
        ([("r9", 16_000), ("r9", 16_000, None, LATER), ("r9", 1)], [("r9", 16_000)]),
        ([("m1", 3_000), ("r9", 16_000)], [("m1", 3_000)]),
    ],
)
@pytest.mark.parametrize("ahead", [True, False])
def test_money_is_taken_back_in_parts_each_once_and_never_more_than_came(
    backs: list[tuple[Any, ...]], recorded: list[tuple[str, int]], *, ahead: bool
) -> None:
    """Charge-backs with the capture's number are distinct by amount or time; a number of their own counts once."""
    so_far = PaymentStory()
    if not ahead:
        so_far.money("m1")
    for back in backs:
        with suppress(RefusalError):
            so_far.charge_back(*back)
    if ahead:
        so_far.money("m1")
    for back in backs:
        with suppress(RefusalError):
            so_far.charge_back(*back)
    payment = so_far.payment
    assert [(one.transaction, one.amount) for one in payment.charged_back] == recorded
    assert payment.taken_back(payment.captures[0]) <= 16_000


def test_what_is_told_of_another_request_waits_for_its_money() -> None:
    """Two providers may use the same transaction number, for requests of the same amount."""
    payment = payment_after("renew", ("charge_back", "m1", 16_000, 2), ("money", "m1"), ("charge_back", "m1"))
    assert [one.attempt for one in payment.ahead] == [2]
    assert [(one.capture_id, one.amount) for one in payment.charged_back] == [("m1", 16_000)]


@pytest.mark.parametrize(
    ("story", "to_refund", "claim"),
    [
        ((("money", "m1"),), [], Claim(charged_back=16_000)),
        ((("money", "m1", 16_001),), ["m1"], Claim(charged_back=16_000, excess=1)),
        ((("money", "m1"), "cancel"), [], Claim(charged_back=16_000, unowed=RefundCause.LATE)),
        ((("money", "m1", 15_000),), [], Claim(charged_back=15_000, short=True)),
    ],
)
def test_what_is_gone_is_not_given_back(story: tuple[Any, ...], to_refund: list[str], claim: Claim) -> None:
    payment = charged(*story)
    assert [one.capture_id for one in payment.to_refund] == to_refund
    assert view(payment).charged_back == claim.charged_back
    assert claims.claim(payment, 1001, Life(procedure(fee=fee())).accepted().filing) == claim


def test_what_is_gone_is_not_taken_for_the_whole_fee() -> None:
    payment = charged(("money", "m1", 15_000), amount=15_000)
    accepted = CaptureAccepted(capture_id="m1", forgone=1_000)
    with pytest.raises(RefusalError):
        PAYMENT.decide(payment, RecordAcceptance(command_id="a", accepted=accepted), NOW)


# A filing that begins again: what was to go back as it had ended is called off, and its next end is judged anew.

STOPPED: Final = Claim(rule=RefundCase.STOPPED, percent=100)
AGAIN: Final = Claim(reopened=1)
STOPPED_AGAIN: Final = Claim(rule=RefundCase.STOPPED, percent=100, reopened=1)
FIRST: Final[dict[str, Any]] = {"case": 1}


def opened() -> Giving:
    return Giving().do(cm.OpenClaimed, claim=STOPPED)


def approved_part() -> Giving:
    return opened().do(cm.ApproveRefund, LEADER, **FIRST)


def given_part() -> Giving:
    return approved_part().do(cm.RecordGiven, **FIRST)


@pytest.mark.parametrize(
    "before", [opened, approved_part, lambda: approved_part().do(cm.LeaveToHand, **FIRST, rule="not_offered")]
)
def test_a_case_by_rule_is_called_off_and_the_next_end_is_judged_anew(before: Any) -> None:
    so_far = before().do(cm.OpenClaimed, claim=AGAIN)
    off = so_far.log[-1].event
    assert (off.kind, off.reopened, off.void, off.given) == ("refund_called_off", 1, (1,), 0)
    assert states(so_far) == [(AMOUNT, "void")]
    assert not fold.is_open(so_far.refund)
    assert so_far.refusal(cm.ApproveRefund, LEADER, **FIRST) == ["no_open_refund"]
    assert so_far.refusal(cm.OpenClaimed, claim=AGAIN) == ["wrong_state"]
    so_far.do(cm.OpenClaimed, claim=STOPPED_AGAIN)
    assert states(so_far) == [(AMOUNT, "void"), (AMOUNT, "open")]
    assert so_far.refusal(cm.OpenClaimed, claim=STOPPED_AGAIN) == ["wrong_state"]


def test_what_officers_ask_for_and_what_a_change_made_less_is_not_called_off() -> None:
    less = (RefundLine(code="extract", amount=2_000),)
    so_far = Giving().do(cm.RequestRefund, CASHIER, amount=1_000, **WHY)
    so_far.do(cm.OpenClaimed, claim=STOPPED.model_copy(update={"returned": less}))
    so_far.do(cm.OpenClaimed, claim=AGAIN.model_copy(update={"returned": less}))
    assert states(so_far) == [(1_000, "open"), (1_000, "open"), (AMOUNT - 2_000, "void")], "1,000 are asked for"


def test_what_the_provider_may_be_giving_goes_on_and_is_void_if_it_never_gives_it() -> None:
    so_far = approved_part().do(cm.RecordAsked, **ASKED).do(cm.OpenClaimed, claim=AGAIN)
    assert states(so_far) == [(AMOUNT, "approved")]
    assert so_far.log[-1].event.void == ()
    so_far.do(cm.LeaveToHand, **FIRST, rule="95")
    assert so_far.kinds[-2:] == ["refund_left_to_hand", "refund_called_off"]
    assert states(so_far) == [(AMOUNT, "void")]
    assert (so_far.refund.unanswered, fold.is_open(so_far.refund)) == (0, False)


def test_what_is_void_of_the_end_before_calls_off_nothing_of_the_next_and_goes_back_by_that() -> None:
    """The first end owes half; the second end, after a reopening, owes all; then the provider refuses the half."""
    half = Claim(rule=RefundCase.STOPPED, percent=50)
    so_far = Giving().do(cm.OpenClaimed, claim=half).do(cm.ApproveRefund, LEADER, **FIRST)
    so_far.do(cm.RecordAsked, **ASKED).do(cm.OpenClaimed, claim=AGAIN).do(cm.OpenClaimed, claim=STOPPED_AGAIN)
    assert states(so_far) == [(8_001, "approved"), (8_000, "open")], "the first half is a part of it"
    so_far.do(cm.LeaveToHand, **FIRST, rule="95")
    assert states(so_far) == [(8_001, "void"), (8_000, "open")]
    so_far.do(cm.OpenClaimed, claim=STOPPED_AGAIN)
    assert states(so_far) == [(8_001, "void"), (8_000, "open"), (8_001, "open")]
    assert so_far.refusal(cm.OpenClaimed, claim=STOPPED_AGAIN) == ["wrong_state"]


@pytest.mark.parametrize("reopened_first", [True, False])
def test_what_went_back_stays_so_and_a_leader_says_what_becomes_of_the_fee(*, reopened_first: bool) -> None:
    so_far = (
        approved_part().do(cm.RecordAsked, **ASKED).do(cm.OpenClaimed, claim=AGAIN) if reopened_first else given_part()
    )
    so_far.do(cm.RecordGiven, **FIRST) if reopened_first else so_far.do(cm.OpenClaimed, claim=AGAIN)
    assert states(so_far) == [(AMOUNT, "given")]
    assert [(task.name, task.role, task.actions) for task in REFUND.rows(so_far.refund).tasks or ()] == [
        ("given_back_too_early", "leader", ("answer_charge_back",))
    ]
    so_far.do(cm.AnswerChargeBack, LEADER, **WHY, outcome="asked_again")
    assert so_far.log[-1].event.amount == AMOUNT
    assert not fold.is_open(so_far.refund)
    assert refund_view(so_far.refund).given == AMOUNT


def test_no_dong_goes_back_twice_by_rule() -> None:
    half = Claim(rule=RefundCase.STOPPED, percent=50)
    so_far = Giving().do(cm.OpenClaimed, claim=half).do(cm.ApproveRefund, LEADER, **FIRST).do(cm.RecordGiven, **FIRST)
    so_far.do(cm.OpenClaimed, claim=half.model_copy(update={"reopened": 1}))
    assert states(so_far) == [(8_001, "given")], "the half that the procedure gives back has gone back"
    so_far.do(cm.OpenClaimed, claim=STOPPED_AGAIN.model_copy(update={"reopened": 2}))
    assert states(so_far) == [(8_001, "given"), (8_000, "open")]
    assert so_far.refund.unanswered == 8_001, "of what went before it has begun again for the first time"


@pytest.mark.parametrize(("outcome", "back"), [("written_off", None), ("asked_again", 1_000)])
def test_what_went_back_too_early_is_of_the_share_unless_asked_again(outcome: str, back: int | None) -> None:
    """8,001 đồng, refunded too early, are written off or requested again; 6,000 of the rest are requested again."""
    half = Claim(rule=RefundCase.STOPPED, percent=50)
    so_far = Giving().do(cm.OpenClaimed, claim=half).do(cm.ApproveRefund, LEADER, **FIRST).do(cm.RecordGiven, **FIRST)
    so_far.do(cm.OpenClaimed, claim=AGAIN).do(cm.AnswerChargeBack, LEADER, **WHY, outcome=outcome)
    gone = {"charged_back": 6_000}
    so_far.do(cm.OpenClaimed, claim=AGAIN.model_copy(update=gone))
    so_far.do(cm.AnswerChargeBack, LEADER, **WHY, outcome="asked_again")
    again = Claim(rule=RefundCase.WITHDRAWN_AFTERWARDS, percent=50, reopened=1).model_copy(update=gone)
    if back is None:
        assert so_far.refusal(cm.OpenClaimed, claim=again) == ["wrong_state"]
    else:
        so_far.do(cm.OpenClaimed, claim=again)
        assert states(so_far)[1:] == [(back, "open")]


def test_only_a_filing_that_has_begun_again_bears_it_out() -> None:
    so_far = opened().do(cm.OpenClaimed, claim=AGAIN)
    stream = filing_workflow(so_far.refund.filing_id)
    evidence = REFUND.evidence(StreamId("refund", so_far.refund.filing_id, 1001), so_far.log[-1].event)
    assert [[(entry.kinds, entry.stream) for entry in way] for way in evidence or ()] == [
        [(("reopened", "refusal_revoked"), stream)]
    ]


def test_a_filing_says_how_often_it_has_begun_again() -> None:
    rules = {"refunds": [{"case": "stopped", "percent": 100}]}
    life = Life(procedure(fee=fee() | rules)).accepted().do("settle_fee", n=1, settlement="paid", amount=16_000)
    payment = payment_after(("money", "m1"))
    life.do("stop", LEADER, mode="end", **ENDING)
    assert claims.claim(payment, 1001, life.filing).reopened == 0
    reopened(life, None)
    assert claims.claim(payment, 1001, life.filing) == AGAIN
    life.accepted().do("claim", SPECIALIST).do("stop", LEADER, mode="end", **ENDING)
    assert claims.fees_to_return(life.filing) == (1,)
    claim = claims.claim(payment, 1001, life.filing)
    assert (claim.rule, claim.percent, claim.reopened) == (RefundCase.STOPPED, 100, 1)
    assert CaseState.VOID in {entry.state for entry in opened().do(cm.OpenClaimed, claim=claim).refund.entries}
