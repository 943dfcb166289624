"""A supplement, a correction or a charge-back changes a paid fee: the difference is requested or refunded."""

from datetime import date, datetime
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.filing.conditions import received_on
from rules.filing.evidence import evidence
from rules.filing.fees.assessment import Assessment, assess, difference, kept_of_all, not_asked_again
from rules.filing.fold import stage
from rules.refund import claims
from rules.require import require
from rules.streams import PAYMENT, REFUND
from rules.time.working_time import VIETNAM
from schemas.filing.events import FeeChargedBack, FeeLine, FeePaid, FeeReduced, FeeRequested, FeeShare
from schemas.filing.state import Closing, Stage
from schemas.ids import StreamId, payment_workflow, refund_workflow
from schemas.level import Channel
from schemas.payment.events import PaymentCancelled
from schemas.publishing.fee import RefundCase
from schemas.publishing.procedure_rules import FeePart
from schemas.refund.events import RefundOpened
from schemas.refund.state import Claim, RefundLine
from tests.tiers import examples
from tests.unit.filing.fees import HALF, HASTE, RISING, in_review, last, paid, rules, supplied
from tests.unit.filing.lives import (
    APPLICANT,
    APPRAISE,
    CASHIER,
    DECIDE,
    DRAFT,
    FILE,
    LEADER,
    RECEPTION,
    SPECIALIST,
    STOP,
    Life,
    fee,
    procedure,
    submission,
)
from tests.unit.payments import payment_after
from tests.unit.profile import PROFILE


def kept(life: Life) -> int:
    return sum(fee.kept for fee in life.filing.fees)


def test_more_is_asked_for_as_the_difference_and_the_filing_waits_for_it() -> None:
    life = supplied(paid(Life(rules())), copies=5)
    more = (FeeLine(code="extract", amount=24_000, quantity=1),)
    assert last(life) == FeeRequested(n=2, amount=24_000, lines=more, channel="online", adds_to=1)
    assert life.stage is Stage.FEE
    assert [one.n for one in life.filing.fees_to_collect] == [2]
    assert life.filing.payments_to_cancel == ()
    paid(life)
    assert (life.stage, kept(life)) == (Stage.INTAKE, 40_000)


def test_less_goes_back_the_way_it_came_and_nobody_waits() -> None:
    life = supplied(paid(Life(rules())), copies=1)
    assert last(life) == FeeReduced(n=1, amount=8_000, lines=(FeeShare(code="extract", amount=8_000),))
    assert (life.stage, kept(life)) == (Stage.INTAKE, 8_000)
    assert claims.fees_returned(life.filing) == {1: 8_000}
    life = supplied(Life(rules()).do("pay_at_counter", CASHIER, amount=16_000), copies=1)
    assert claims.fees_returned(life.filing) == {1: 8_000}
    less = (RefundLine(code="extract", amount=8_000),)
    assert claims.claim_without_provider(life.filing, 1000) == Claim(returned=less)
    assert claims.claim_without_provider(life.filing, 2000) == Claim()


def test_in_the_review_the_step_stands_still_and_goes_on_with_the_same_officer() -> None:
    life = supplied(in_review(), SPECIALIST, copies=3)
    step, processing = life.clock("step"), life.clock("processing")
    assert step.paused
    assert processing.paused
    assert "step" not in life.ringing
    assert life.status == 6
    paid(life.wait(days=1))
    assert (life.stage, life.filing.officer) == (Stage.REVIEW, SPECIALIST.subject)
    assert not life.clock("step").paused
    assert len(life.runs("step")) == 2
    life.do("propose", SPECIALIST, outcome="approved")


def test_a_fee_of_nothing_stays_nothing_whatever_day_comes() -> None:
    """The fee is that of the day on which it was to be requested; a later day in the review does not change it."""
    later = [{"code": "later", "amount": 10_000, "valid_from": "2026-12-01"}]
    life = Life(rules("acceptance", items=later, governed_by="request")).accepted().do("claim", SPECIALIST)
    supplied(life, SPECIALIST, name="Bình").until("2026-12-01 08:00").do("propose", SPECIALIST, outcome="approved")
    assert life.filing.fees == ()


@pytest.mark.parametrize("governed_by", ["receipt", "request", "payment"])
def test_the_amounts_are_those_by_which_the_first_was_asked_for(governed_by: str) -> None:
    life = paid(Life(rules(items=RISING, governed_by=governed_by))).until("2026-12-02 08:00").rung()
    supplied(life, name="Bình")
    assert life.kinds[-1] == "supplemented"
    supplied(life, copies=5)
    assert require(life.filing.fee).amount == 24_000
    life.do("pay_at_counter", CASHIER, amount=24_000)
    assert kept(life) == 40_000


def test_a_correction_of_the_draft_counts_as_a_supplement_does() -> None:
    life = paid(Life(procedure(fee=fee(), review=[DRAFT, APPRAISE, DECIDE])).accepted()).do("claim", SPECIALIST)
    life.do("show_draft", SPECIALIST, draft=FILE).do("correct_draft", APPLICANT, note="5 bản", form={"copies": 5})
    assert life.kinds[-3:] == ["draft_corrected", "step_started", "fee_requested"]
    assert life.clock("step").paused
    paid(life)
    assert life.stage is Stage.REVIEW
    assert not life.clock("step").paused


def test_the_newest_money_goes_back_first_and_may_be_asked_for_again() -> None:
    life = paid(supplied(paid(Life(rules())), copies=5))
    supplied(life, copies=1)
    reductions = [(one.event.n, one.event.amount) for one in life.log if isinstance(one.event, FeeReduced)]
    assert reductions == [(2, 24_000), (1, 8_000)]
    supplied(life, copies=3)
    assert (require(life.filing.fee).n, require(life.filing.fee).amount, require(life.filing.fee).adds_to) == (
        3,
        16_000,
        2,
    )
    assert kept(paid(life)) == 24_000


def test_a_difference_that_is_not_paid_ends_the_filing_and_what_was_paid_is_decided_about() -> None:
    life = supplied(paid(Life(rules(refunds=[{"case": "fee_expired", "percent": 100}]))), copies=5)
    life.wait(days=30).do("settle_fee", n=2, settlement="expired")
    assert life.filing.closing is Closing.FEE_EXPIRED
    assert claims.ended_as(life.filing) is RefundCase.FEE_EXPIRED
    assert claims.fees_to_return(life.filing) == (1,)


def test_a_refund_opens_what_the_filings_log_has_made_less() -> None:
    life = supplied(paid(Life(rules())), copies=1)
    line = RefundLine(code="extract", amount=8_000)
    assert claims.claim(payment_after(("money", "m1")), 1001, life.filing) == Claim(returned=(line,))
    opened = RefundOpened(case=1, payment=1, capture_id="m1", amount=8_000, cause="difference", lines=(line,))
    borne_out = REFUND.evidence(StreamId("refund", life.filing.filing_id, 1001), opened)
    assert [[(entry.kinds, entry.fields) for entry in way] for way in require(borne_out)] == [
        [(("fee_reduced",), {"n": 1})]
    ]


CHANGES: Final = st.lists(
    st.tuples(st.integers(0, 50), st.booleans(), st.sampled_from(["online", "counter", "waive"]), st.integers(0, 9)),
    max_size=12,
)


@settings(PROFILE, max_examples=max(PROFILE.max_examples, examples(60)), derandomize=True)
@given(
    CHANGES,
    st.sampled_from(["receipt", "request", "payment"]),
    st.sampled_from(["submission", "acceptance"]),
    st.integers(1, 99),
)
def test_whatever_is_supplied_what_was_paid_less_what_goes_back_is_what_is_due(
    changes: list[tuple[int, bool, str, int]], governed_by: str, due: str, percent: int
) -> None:
    said = {"items": [*RISING, HASTE], "governed_by": governed_by, "waivers": [HALF | {"percent": percent}]}
    life = Life(rules(due, **said))
    asker = RECEPTION if due == "submission" else SPECIALIST
    if due == "acceptance":
        life.accepted()
    settle(life, "online")
    if due == "acceptance":
        life.do("claim", SPECIALIST)
    for copies, urgent, means, days in changes:
        life.wait(days=days)
        supplied(life, asker, copies=copies, urgent=urgent)
        settle(life, means)
        came = sum(one.event.amount for one in life.log if one.event.kind == "fee_paid")
        back = sum(one.event.amount for one in life.log if isinstance(one.event, FeeReduced))
        filing, rule = life.filing, require(life.filing.procedure.fee)
        first = next((fee.asked_at for fee in filing.fees if fee.asked_at and fee.state == "paid"), life.now)
        waived = filing.waiver.percent if filing.waiver else 0
        assert came - back == assess(rule, filing, received_on(filing), first, waived).total
        assert came - back == kept(life) == kept_of_all(filing.fees).total()
        assert all(amount >= 0 for amount in kept_of_all(filing.fees).values())
        for fee_asked in filing.fees:
            assert sum(line.total for line in fee_asked.lines) - fee_asked.waived == fee_asked.amount


def settle(life: Life, means: str) -> None:
    """Waives the due fee if `means` is `waive` and a waiver is possible; then pays the fee if it is still due."""
    if means == "waive" and not life.refusal("waive_fee", CASHIER, waiver="half", reason="hộ nghèo"):
        life.do("waive_fee", CASHIER, waiver="half", reason="hộ nghèo")
    if life.stage is not Stage.FEE:
        return
    due = require(life.filing.fee)
    if means == "counter":
        amount = due.amount
        if life.refusal("pay_at_counter", CASHIER, amount=amount):
            raise AssertionError(life.refusal("pay_at_counter", CASHIER, amount=amount))
        life.do("pay_at_counter", CASHIER, amount=amount)
    else:
        paid(life)


RULE: Final = FeePart.model_validate(
    fee()
    | {
        "items": [
            {"code": "extract", "amount": 8000, "per": "copies"},
            {"code": "haste", "amount": 50_000, "when": [{"field": "urgent", "one_of": [True]}]},
        ]
    }
)


def of(copies: int, *, urgent: bool = False, percent: int = 0) -> Assessment:
    found = submission(form={"copies": copies, "urgent": urgent})
    return assess(RULE, found, date(2026, 11, 25), datetime(2026, 11, 25, 9, tzinfo=VIETNAM), percent)


@pytest.mark.parametrize(
    ("kept", "now", "more", "less"),
    [
        ({"extract": 16_000}, of(2), {}, {}),
        ({"extract": 16_000}, of(5), {"extract": 24_000}, {}),
        ({"extract": 40_000}, of(2), {}, {"extract": 24_000}),
        ({}, of(5), {"extract": 40_000}, {}),
        ({"extract": 40_000}, of(0), {}, {"extract": 40_000}),
        ({}, of(1, urgent=True), {"extract": 8000, "haste": 50_000}, {}),
        ({"extract": 72_000}, of(1, urgent=True), {}, {"extract": 14_000}),
        ({"extract": 16_000}, of(1, urgent=True), {"haste": 42_000}, {}),
        ({"extract": 8000}, of(3, percent=50), {"extract": 4000}, {}),
        ({"extract": 16_000}, of(2, percent=100), {}, {"extract": 16_000}),
        ({"extract": 80_000, "haste": 50_000}, of(5, percent=50), {}, {"extract": 60_000, "haste": 50_000}),
    ],
)
def test_the_difference_is_asked_for_or_given_back(
    kept: dict[str, int], now: Assessment, more: dict[str, int], less: dict[str, int]
) -> None:
    found = difference(kept, now)
    assert {share.code: share.amount for share in found.more} == more
    assert {share.code: share.amount for share in found.less} == less


@given(
    extract=st.integers(0, 10**6),
    haste=st.integers(0, 10**6),
    copies=st.integers(0, 50),
    urgent=st.booleans(),
    percent=st.integers(0, 100),
)
def test_what_was_paid_and_follows_is_due(*, extract: int, haste: int, copies: int, urgent: bool, percent: int) -> None:
    kept, now = {"extract": extract, "haste": haste}, of(copies, urgent=urgent, percent=percent)
    found = difference(kept, now)
    more, less = (sum(share.amount for share in shares) for shares in found)
    assert extract + haste + more - less == now.total
    assert 0 in (more, less)
    assert all(share.amount <= kept[share.code] for share in found.less)


# What the payer's bank took back, and a leader has asked for again.

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


def test_more_than_the_fee_was_asks_for_no_more_than_it() -> None:
    """The payer paid too much and charged all of it back; only the fee is requested again."""
    assert require(asked_again(in_review(), amount=20_000).filing.fee).amount == AMOUNT


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
    decided = paid(Life(rules("acceptance")).accepted()).decided()
    assert decided.refusal("ask_fee_again", **AGAIN) == [("", "decided_already")]


def test_only_a_leaders_answer_bears_it_out_and_the_payment_of_the_first_is_not_let_go() -> None:
    life = asked_again(in_review())
    [[entry]] = require(evidence(StreamId("filing", life.filing.filing_id), FeeChargedBack(**AGAIN)))
    assert entry.kinds == ("charge_back_answered",)
    assert entry.fields == {"outcome": "asked_again", "amount": AMOUNT}
    assert entry.stream == refund_workflow(life.filing.filing_id, 1001)
    ways = require(PAYMENT.evidence(StreamId("payment", life.filing.filing_id, 1), PaymentCancelled(reason="-")))
    asked = next(way for way in ways if ("fee_requested",) in [one.kinds for one in way if not one.absent])
    assert any(one.absent and one.kinds == ("fee_paid",) for one in asked)


@settings(PROFILE, max_examples=max(PROFILE.max_examples, examples(60)), derandomize=True)
@given(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 20_000), st.integers(0, 6)), max_size=8))
def test_whatever_is_taken_back_what_stays_paid_is_what_the_filing_costs(steps: list[tuple[int, int, int]]) -> None:
    """Once each repeated request is paid, the sum kept is the cost; no request exceeds the cost."""
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


def test_a_short_payment_needs_its_acceptance_for_the_same_sums() -> None:
    filing = Life().filing.filing_id
    short = FeePaid(n=2, amount=15_000, channel=Channel.ONLINE, forgone=1_000)
    [[accepted, still_owed]] = require(evidence(StreamId("filing", filing), short))
    assert (accepted.kinds, accepted.fields) == (("payment_accepted",), {"amount": 15_000, "forgone": 1_000})
    assert (still_owed.kinds, still_owed.absent) == (("payment_cancelled",), True)
    assert accepted.stream == still_owed.stream == payment_workflow(filing, 2)
