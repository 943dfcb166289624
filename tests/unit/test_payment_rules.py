"""Whatever money comes, whenever it comes, is recorded; what is not owed is to go back."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.payment.status import reference
from rules.payment.view import view
from rules.refund import claims
from rules.streams import PAYMENT
from schemas.errors import RefusalError
from schemas.ids import fee_key, reference_of
from schemas.payment.state import MOST_REQUESTS, PaymentState
from schemas.people import Actor, Role
from tests.unit.filing.lives import Life, fee, procedure
from tests.unit.payments import DUE, FILING, NOW, Told, told
from tests.walking import walked

Story = tuple[str | tuple[Any, ...], ...]
SHORT: Final = (("money", "m1", 15_000), ("accept", "m1", 1_000))
BY_THE_SECOND: Final = ("money", "m1", 16_000, 2)


@walked(
    ("story", "state", "owed", "to_refund"),
    [
        ((("money", "m1", 16_001), ("refund", "m1", 1)), "paid", "m1", []),
        ((("money", "m1", 16_001), ("refund", "m1", 1), "cancel"), "cancelled", None, ["m1"]),
        (SHORT, "paid", "m1", []),
        ((*SHORT, ("money", "m2")), "paid", "m1", ["m2"]),
        (("expire", ("money", "m1")), "expired", None, ["m1"]),
        (("cancel", ("money", "m1")), "cancelled", None, ["m1"]),
        ((("money", "m1"), "cancel"), "cancelled", None, ["m1"]),
        # a request ends, and the fee is owed until its own time is over
        ((("end", 1), ("renew",), BY_THE_SECOND), "paid", "m1", []),
        ((("renew",), BY_THE_SECOND, ("money", "m2", 16_000, 1)), "paid", "m1", ["m2"]),
        ((("renew",), ("end", 1), ("end", 2), ("money", "m1", 16_000, 1)), "paid", "m1", []),
        ((("end", 1), ("renew",), "expire", BY_THE_SECOND), "expired", None, ["m1"]),
    ],
    exactly=11,
)
def test_what_is_owed_and_what_goes_back(story: Story, state: str, owed: str | None, to_refund: list[str]) -> None:
    payment = told(*story)
    assert (payment.state, payment.owed_capture) == (state, owed)
    assert [capture.capture_id for capture in payment.to_refund] == to_refund


@pytest.mark.parametrize(
    "story",
    [
        (("accept", "m1", 1_000),),
        (("money", "m1", 15_000), ("accept", "m1", 999)),
        (("money", "m1", 15_000), ("accept", "m2", 1_000)),
        (("money", "m1", 15_000), ("money", "m2"), ("accept", "m1", 1_000)),
        (("money", "m1", 15_000), "expire", ("accept", "m1", 1_000)),
        (("money", "m1", 15_000), "cancel", ("accept", "m1", 1_000)),
        (("money", "m1", 15_000), ("refund", "m1", 1), ("accept", "m1", 1_000)),
    ],
    ids=["no money", "another amount", "another capture", "paid", "expired", "cancelled", "something went back"],
)
def test_only_what_is_there_and_still_due_is_taken_for_the_whole_fee(story: tuple[tuple[Any, ...], ...]) -> None:
    with pytest.raises(RefusalError):
        told(*story)


@pytest.mark.parametrize(
    ("story", "state"),
    [
        (("await_outcome", ("money", "m1")), "paid"),
        (("await_outcome", "expire"), "expired"),
        (("await_outcome", "cancel"), "cancelled"),
    ],
)
def test_what_is_awaited_is_owed_until_somebody_knows(story: Story, state: str) -> None:
    so_far = told(("order", "http://bank/1"), "await_outcome")
    shown = view(so_far)
    assert (shown.state, shown.pay_url, shown.awaited_until) == ("pending", None, DUE + timedelta(days=3))
    assert PAYMENT.standing(so_far).open
    ended = told(*story)
    assert (ended.state, view(ended).awaited_until) == (state, None)


@pytest.mark.parametrize("before", [("await_outcome",), ("cancel",), (("money", "m1"),), ("expire",)])
def test_an_outcome_is_awaited_once_and_only_of_what_is_owed(before: Story) -> None:
    with pytest.raises(RefusalError):
        told(*before, "await_outcome")
    with pytest.raises(RefusalError):
        told(("await_outcome", 2))


@pytest.mark.parametrize(
    ("seconds", "expires"),
    [(None, None), (900, NOW + timedelta(minutes=15)), (7 * 24 * 3600 - 1, DUE - timedelta(seconds=1)), (10**6, None)],
)
def test_a_request_ends_when_its_merchant_says_or_with_the_fee(seconds: int | None, expires: datetime | None) -> None:
    so_far = Told(seconds)
    assert so_far.payment.expires == expires
    assert view(so_far.payment).expires == (expires or DUE)
    so_far.renew(seconds=seconds)
    assert so_far.payment.attempts[1].expires == expires


def test_each_request_has_a_reference_of_its_own_by_which_it_is_found() -> None:
    payment = told(("order", "u1"), ("renew", "treasury"), ("order", "u2", 2))
    references = [reference_of(fee_key(FILING, 1, n)) for n in (1, 2)]
    assert [reference(payment, request) for request in payment.attempts] == references
    row = PAYMENT.rows(payment).row or {}
    assert (row["provider"], row["reference"]) == ("bank", references[0])
    assert (row["renewed"], row["renewed_beginnings"]) == (
        [f"treasury:{references[1]}"],
        [f"treasury:{references[1][:10]}"],
    )
    shown = view(payment)
    assert (shown.attempt, shown.provider, shown.pay_url) == (2, "treasury", "u2")


def test_what_goes_back_goes_back_by_the_request_that_was_paid() -> None:
    so_far = Told()
    so_far.now += timedelta(minutes=1)
    so_far.renew("treasury")
    so_far.money("m1", attempt=2)
    so_far.money("m2", attempt=1)
    first, second = (claims.capture_of(so_far.payment, 1000 + n) for n in (1, 2))
    assert first is not None
    assert second is not None
    assert (first.attempt, first.provider, first.requested_at) == (2, "treasury", NOW + timedelta(minutes=1))
    assert (second.attempt, second.provider, second.requested_at) == (None, "bank", NOW)


@walked(
    ("story", "rule"),
    [
        ((("money", "m1"), ("renew",)), "wrong_state"),
        (("cancel", ("renew",)), "wrong_state"),
        ((("renew", "bank", None, Actor(subject="c", role=Role.CASHIER, agency="H01.12")),), "role_not_allowed"),
        ((("renew",),) * MOST_REQUESTS, "too_many_requests"),
        ((("end", 1), ("end", 1)), "wrong_state"),
        ((("end", 1), ("order", "u")), "wrong_state"),
        # what has ended neither expires nor is cancelled, and money is recorded once
        ((("money", "m1"), "expire"), "wrong_state"),
        (("expire", "cancel"), "wrong_state"),
        ((("money", "m1"), ("money", "m1")), "wrong_state"),
    ],
    exactly=9,
)
def test_what_comes_too_late_or_twice_or_from_somebody_else_is_refused(story: Story, rule: str) -> None:
    told(*story[:-1])
    with pytest.raises(RefusalError) as refused:
        told(*story)
    assert [problem.rule for problem in refused.value.refusal.problems] == [rule]


@given(
    told=st.lists(
        st.one_of(
            st.tuples(
                st.just("capture"),
                st.sampled_from("abc"),
                st.sampled_from([15_999, 16_000, 16_001]),
                st.sampled_from([None, 2]),
            ),
            st.sampled_from([("order",), ("expire",), ("cancel",), ("refund",), ("renew",), ("end",)]),
        ),
        max_size=25,
    )
)
def test_in_any_order_each_transaction_is_money_once_and_at_most_one_is_kept(told: list[tuple[Any, ...]]) -> None:
    """Notices and answers to queries say the same, as often as they like; a refused word changes nothing."""
    so_far = Told()
    first: dict[str, int] = {}
    for what, *said in told:
        back = so_far.payment.to_refund
        with suppress(RefusalError):
            match what, said:
                case "capture", (transaction, amount, attempt):
                    first.setdefault(transaction, amount)
                    so_far.money(transaction, amount, attempt)
                case "end", _:
                    so_far.end(len(so_far.payment.attempts))
                case "order", _:
                    so_far.order("u")
                case "refund", _ if back:
                    gone = sum(one.amount for one in so_far.payment.given_back if one.capture_id == back[0].capture_id)
                    so_far.refund(back[0].capture_id, so_far.payment.unowed(back[0]) - gone)
                case "refund", _:
                    pass
                case ending, _:
                    getattr(so_far, ending)()
    payment = so_far.payment
    assert {capture.capture_id: capture.amount for capture in payment.captures} == first
    returned = {
        name: sum(one.amount for one in payment.given_back if one.capture_id == name)
        for name in (*first, payment.owed_capture)
    }
    kept = sum(first.values()) - sum(returned[name] for name in first)
    still_to_return = sum(payment.unowed(one) - returned[one.capture_id] for one in payment.to_refund)
    paid = payment.state is PaymentState.PAID
    assert kept - still_to_return == (payment.amount if paid else 0)
    assert paid is (payment.owed_capture in first)


@pytest.mark.parametrize("due", ["acceptance", "result"])
@pytest.mark.parametrize("settlement", ["paid", "expired"])
def test_whatever_a_filing_makes_of_its_end_says_that_it_has_heard(due: str, settlement: str) -> None:
    life = Life(procedure(fee=fee(due))).accepted()
    life = life if due == "acceptance" else life.decided().issued()
    said = len(life.log)
    life.do("settle_fee", n=1, settlement=settlement, amount=16_000 if settlement == "paid" else 0)
    told = Told()
    told.money("c-1") if settlement == "paid" else told.expire()
    heard = {recorded.event.kind for recorded in life.log[said:] if getattr(recorded.event, "n", None) == 1}
    assert heard & {*PAYMENT.standing(told.payment).heard_as}
