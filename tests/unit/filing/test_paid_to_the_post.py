"""A fee that the post collects: with the result that it brings, or with the papers that it brought."""

from __future__ import annotations

from typing import Any, Final

import pytest

from rules.filing.evidence import evidence
from schemas.filing.events import FeePaid
from schemas.ids import StreamId
from schemas.level import Channel
from tests.unit.filing.lives import (
    ADDRESS,
    APPLICANT,
    CASHIER,
    FETCHED,
    HANDOVER,
    PAPER,
    RECEPTION,
    Life,
    fee,
    procedure,
)

COLLECTED: Final = ("post", "counter")
BY_POST: Final[dict[str, Any]] = {"result_channel": "post", "address": ADDRESS, "fee_channel": "post"}
AMOUNT: Final = 16_000


def sent(**filed: Any) -> Life:
    """A result on its way, whose fee the post collects."""
    rules = procedure(level=3, fee=fee("result", COLLECTED))
    return Life(rules, **BY_POST | filed).accepted().decided().issued()


def paid(life: Life) -> list[FeePaid]:
    return [recorded.event for recorded in life.log if isinstance(recorded.event, FeePaid)]


def test_the_result_goes_before_the_fee_is_paid_and_both_come_to_an_end_together() -> None:
    life = sent()
    assert life.kinds[-2:] == ["fee_requested", "parcel_requested"]
    assert (life.stage, life.filing.fee_at_the_post, life.filing.fee_pending) == ("delivery", True, False)
    assert "payment" not in life.ringing, "nobody is late who has only to wait for the postman"
    assert life.refusal("pay_at_counter", CASHIER, amount=AMOUNT) == [("", "wrong_stage")]
    life.do("settle_parcel", n=1, outcome="delivered", fee=AMOUNT)
    assert life.kinds[-2:] == ["fee_paid", "handed_over"]
    [one] = paid(life)
    assert (one.n, one.amount, one.channel, one.parcel, one.means) == (1, AMOUNT, Channel.POST, 1, None)
    assert life.status == 10


@pytest.mark.parametrize("outcome", ["returned", "cancelled"])
def test_what_comes_back_uncollected_is_still_due_and_paid_at_the_counter(outcome: str) -> None:
    life = sent().do("settle_parcel", n=1, outcome=outcome)
    assert (life.stage, life.kinds[-1]) == ("fee", "parcel_failed")
    assert "payment" in life.ringing
    life.do("pay_at_counter", CASHIER, amount=AMOUNT)
    assert life.kinds[-2:] == ["fee_paid", "pickup_offered"]
    life.do("hand_over", HANDOVER, **FETCHED)
    assert [one.channel for one in paid(life)] == [Channel.COUNTER]


def test_the_post_may_say_late_that_it_was_delivered_and_paid() -> None:
    life = sent().do("settle_parcel", n=1, outcome="returned")
    life.do("settle_parcel", n=1, outcome="delivered", fee=AMOUNT)
    assert life.kinds[-2:] == ["fee_paid", "handed_over"]


def test_what_was_paid_meanwhile_is_not_recorded_as_paid_again() -> None:
    life = sent().do("settle_parcel", n=1, outcome="returned").do("pay_at_counter", CASHIER, amount=AMOUNT)
    life.do("settle_parcel", n=1, outcome="delivered", fee=AMOUNT)
    assert len(paid(life)) == 1
    assert life.kinds[-1] == "handed_over"


def test_what_is_lost_is_collected_for_with_the_next_one_as_often_as_it_goes_by_post() -> None:
    life = sent()
    for n in (1, 2):
        life.do("settle_parcel", n=n, outcome="lost").issued()
        assert (life.stage, life.filing.parcels) == ("delivery", n + 1)
    life.do("settle_parcel", n=3, outcome="lost")
    assert life.stage == "fee", "the fourth is fetched, and paid for there"
    life.do("pay_at_counter", CASHIER, amount=AMOUNT).issued()
    assert life.stage == "pickup"


def test_who_would_fetch_it_instead_pays_at_the_counter() -> None:
    life = sent().do("change_delivery", APPLICANT, channel="counter")
    assert life.filing.fee_at_the_post, "until it is known whether it has left"
    life.do("settle_parcel", n=1, outcome="cancelled")
    assert (life.stage, "payment" in life.ringing) == ("fee", True)
    life.do("pay_at_counter", CASHIER, amount=AMOUNT)
    assert life.stage == "pickup"


def test_who_would_have_it_brought_again_pays_the_postman() -> None:
    life = sent().do("settle_parcel", n=1, outcome="returned")
    again = ADDRESS.model_copy(update={"address": "2 Hàng Bài"})
    life.do("change_delivery", APPLICANT, channel="post", address=again)
    assert (life.stage, life.filing.parcels, "payment" in life.ringing) == ("delivery", 2, False)
    life.do("settle_parcel", n=2, outcome="delivered", fee=AMOUNT)
    assert [one.parcel for one in paid(life)] == [2]


@pytest.mark.parametrize("collected", [None, AMOUNT - 1, AMOUNT + 1])
def test_less_than_the_fee_or_nothing_pays_nothing(collected: int | None) -> None:
    life = sent().do("settle_parcel", n=1, outcome="delivered", fee=collected)
    assert (paid(life), life.status) == ([], 10)
    assert life.filing.fee is not None
    assert life.filing.fee.state == "due"


def test_the_post_collects_only_with_what_it_brings() -> None:
    rules = procedure(level=3, fee=fee("result", COLLECTED))
    fetched = Life(rules, result_channel="counter")
    assert fetched.filing.fee_channel is Channel.COUNTER, "the post is not chosen where it brings nothing"
    with pytest.raises(Exception, match="fee_channel"):
        Life(rules, result_channel="counter", fee_channel="post")
    with pytest.raises(Exception, match="fee_channel"):
        Life(procedure(level=3, fee=fee("acceptance", COLLECTED)), fee_channel="post")


def test_money_that_came_with_papers_by_post_is_recorded_with_the_number_of_the_consignment() -> None:
    said = {"amount": AMOUNT, "means": "post", "reference": "EA123456789VN"}
    rules = procedure(level=2, fee=fee("acceptance", ("counter", "post")))
    for channel, refused in (("counter", [("means", "not_by_post")]), ("post", [])):
        life = Life(rules, **PAPER | {"channel": channel, "result_channel": "counter"})
        assert life.refusal("pay_at_counter", CASHIER, **said) == refused
    assert life.refusal("pay_at_counter", CASHIER, **said | {"reference": None}) == [
        ("reference", "reference_required")
    ]
    life.do("pay_at_counter", CASHIER, **said)
    [one] = paid(life)
    assert (one.channel, one.means, one.reference, one.parcel) == (Channel.POST, None, "EA123456789VN", None)
    assert evidence(StreamId.parse("filing:00000000-0000-0000-0000-000000000001"), one) is None


def test_that_it_was_paid_is_borne_out_by_what_the_parcel_says() -> None:
    stream = StreamId.parse("filing:00000000-0000-0000-0000-000000000001")
    said = FeePaid(n=1, amount=AMOUNT, channel=Channel.POST, parcel=2)
    [[entry]] = evidence(stream, said) or ()
    assert (entry.kinds, entry.fields) == (("consignment_ended",), {"outcome": "delivered", "fee": AMOUNT})
    assert str(entry.stream).endswith(":2")


def test_reception_is_no_cashier() -> None:
    life = sent().do("settle_parcel", n=1, outcome="returned")
    assert life.refusal("pay_at_counter", RECEPTION, amount=AMOUNT) == [("actor.role", "role_not_allowed")]
