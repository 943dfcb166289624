"""A fee that the payer's bank took back and a leader has asked for again: the filing waits for it like any fee."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.filing.evidence import evidence
from rules.filing.fees.again import not_asked_again
from rules.filing.fees.kept import kept_of_all
from rules.filing.fold import stage
from rules.refund import claims
from rules.require import require
from rules.streams import PAYMENT
from schemas.filing.events import FeeChargedBack, FeeRequested
from schemas.filing.state import Closing, Stage
from schemas.ids import StreamId, refund_workflow
from schemas.payment.events import PaymentCancelled
from tests.tiers import examples
from tests.unit.filing.fees import in_review, last, paid, rules, supplied
from tests.unit.filing.lives import APPLICANT, CASHIER, LEADER, SPECIALIST, STOP, Life
from tests.unit.profile import PROFILE

AMOUNT: Final = 16_000
AGAIN: Final[dict[str, Any]] = {"n": 1001, "fee": 1, "amount": AMOUNT}


def asked_again(life: Life, **said: Any) -> Life:
    return life.do("ask_fee_again", **AGAIN | said)


def new(life: Life, before: int) -> list[str]:
    return [one.event.kind for one in life.log[before:]]


@pytest.mark.parametrize("due", ["submission", "acceptance"])
def test_all_of_it_is_asked_for_as_at_first_and_the_review_waits(due: str) -> None:
    life = paid(Life(rules(due))).accepted() if due == "submission" else paid(Life(rules(due)).accepted())
    first, before = life.filing.fees[0], len(life.log)
    asked_again(life)
    assert new(life, before) == ["fee_charged_back", "fee_requested"]
    assert last(life) == FeeRequested(n=2, amount=AMOUNT, lines=first.lines, channel=first.channel)
    assert stage(life.filing) is Stage.FEE
    assert [one.n for one in life.filing.fees_to_collect] == [2]
    assert life.filing.payments_to_cancel == (), "what the payment of the first has settled is a matter of its own"
    paid(life)
    assert stage(life.filing) is Stage.REVIEW
    assert new(life, before) == ["fee_charged_back", "fee_requested", "fee_paid"]
    assert kept_of_all(life.filing.fees).total() == AMOUNT


def test_at_intake_it_waits_too() -> None:
    life = asked_again(paid(Life(rules("submission"))))
    assert stage(life.filing) is Stage.FEE
    assert stage(paid(life).filing) is Stage.INTAKE


def test_of_a_part_the_rest_still_counts() -> None:
    life = asked_again(in_review(), amount=6_000)
    assert isinstance(asked := last(life), FeeRequested)
    assert (asked.amount, asked.adds_to) == (6_000, 1)
    asked_again(paid(life), amount=AMOUNT - 6_000)
    assert isinstance(asked := last(life), FeeRequested)
    assert (asked.n, asked.amount, asked.adds_to) == (3, AMOUNT - 6_000, 2)


def test_more_than_the_fee_was_asks_for_no_more_than_it() -> None:
    """Who paid too much, and had all of it taken back."""
    life = asked_again(in_review(), amount=20_000)
    assert require(life.filing.fee).amount == AMOUNT


def test_it_is_paid_at_the_counter_too_or_taken_back_once_more() -> None:
    life = asked_again(in_review())
    life.do("pay_at_counter", CASHIER, amount=AMOUNT)
    assert stage(life.filing) is Stage.REVIEW
    life = asked_again(asked_again(in_review()).do("settle_fee", n=2, settlement="paid", amount=AMOUNT), n=2001, fee=2)
    assert require(life.filing.fee).n == 3
    assert require(life.filing.fee).amount == AMOUNT


def test_a_filing_whose_fee_nobody_pays_again_ends() -> None:
    life = asked_again(in_review()).wait(days=30).do("settle_fee", n=2, settlement="expired")
    assert life.filing.closing is Closing.FEE_EXPIRED
    assert claims.fees_to_return(life.filing) == (), "nothing is left of the first that might go back"


def test_a_change_of_the_dossier_is_a_difference_to_what_stays_paid() -> None:
    life = supplied(paid(asked_again(in_review())), SPECIALIST, copies=5)
    assert (require(life.filing.fee).amount, require(life.filing.fee).adds_to) == (24_000, 2)
    life = supplied(
        asked_again(in_review(), amount=8_000).do("settle_fee", n=2, settlement="paid", amount=8_000),
        SPECIALIST,
        copies=1,
    )
    assert sum(one.kept - one.charged_back for one in life.filing.fees) == 8_000


def test_what_is_suspended_goes_on_first() -> None:
    life = in_review().do("stop", LEADER, mode="suspend", **STOP)
    before = len(life.log)
    asked_again(life)
    assert new(life, before) == ["fee_charged_back"]
    assert stage(life.filing) is Stage.SUSPENDED
    life.do("resume", LEADER)
    assert stage(life.filing) is Stage.FEE


def test_it_is_refused_of_a_fee_that_is_not_paid_and_once_the_filing_is_decided_or_has_ended() -> None:
    assert Life(rules()).refusal("ask_fee_again", **AGAIN) == [("fee", "no_such_fee")]
    life = in_review()
    assert life.refusal("ask_fee_again", **AGAIN | {"fee": 2}) == [("fee", "no_such_fee")]
    assert life.refusal("ask_fee_again", LEADER, **AGAIN) == [("actor.role", "role_not_allowed")]
    assert not_asked_again(life.filing, 1) is None
    life.do("withdraw", APPLICANT, reason="đổi ý")
    assert life.refusal("ask_fee_again", **AGAIN) == [("", "filing_closed")]


def test_it_is_refused_once_it_is_decided() -> None:
    life = paid(Life(rules("acceptance")).accepted()).decided()
    assert life.refusal("ask_fee_again", **AGAIN) == [("", "decided_already")]


def test_only_a_leaders_answer_bears_it_out_and_the_payment_of_the_first_is_not_let_go() -> None:
    life = asked_again(in_review())
    stream = StreamId("filing", life.filing.filing_id)
    [[entry]] = require(evidence(stream, FeeChargedBack(**AGAIN)))
    assert entry.kinds == ("charge_back_answered",)
    assert entry.fields == {"outcome": "asked_again", "amount": AMOUNT}
    assert entry.stream == refund_workflow(life.filing.filing_id, 1001)
    ways = require(PAYMENT.evidence(StreamId("payment", life.filing.filing_id, 1), PaymentCancelled(reason="-")))
    asked = next(way for way in ways if ("fee_requested",) in [one.kinds for one in way if not one.absent])
    assert any(one.absent and one.kinds == ("fee_paid",) for one in asked)


STEPS: Final = st.lists(st.tuples(st.integers(1, 6), st.integers(1, 20_000), st.integers(0, 6)), max_size=8)


@settings(PROFILE, max_examples=max(PROFILE.max_examples, examples(60)), derandomize=True)
@given(STEPS)
def test_whatever_is_taken_back_of_whichever_fee_what_stays_paid_is_what_the_filing_costs(
    steps: list[tuple[int, int, int]],
) -> None:
    """Once what is asked for again is paid; no more is ever asked for than the filing costs."""
    life = in_review()
    copies = 2
    for which, amount, more in steps:
        n = (which - 1) % len(life.filing.fees) + 1
        one = life.filing.fees[n - 1]
        taken = min(amount, one.kept - one.charged_back)
        if taken > 0:
            asked_again(life, n=n * 1000 + 1, fee=n, amount=taken)
            assert stage(life.filing) is Stage.FEE
            assert require(life.filing.fee).amount == taken
            paid(life)
        if more:
            copies = more
            supplied(life, SPECIALIST, copies=copies)
            if stage(life.filing) is Stage.FEE:
                paid(life)
        kept = kept_of_all(life.filing.fees)
        assert kept.total() == 8_000 * copies
        assert all(dong >= 0 for dong in kept.values())
