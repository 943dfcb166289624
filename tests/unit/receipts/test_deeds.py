"""A receipt is issued once for its cause, and voided at most once, by officers of its agency."""

from datetime import UTC, datetime
from fractions import Fraction
from math import ceil, floor
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rules.causes import papers_of
from rules.money_receipts import apportioned, gone, gone_without_provider, lines_of, number_given, valid
from rules.stream_kind import Origin
from rules.streams import PAPERS
from schemas.errors import RefusalError
from schemas.filing.commands import Command
from schemas.filing.events import FeeLine, FeePaid
from schemas.ids import StreamId, papers_stream
from schemas.level import Channel
from schemas.papers.commands import ApproveVoid, IssueReceipt, VoidReceipt
from schemas.papers.events import ReceiptVoided
from schemas.papers.state import OfficialPapers, PaperKind, ReceiptLine, VoidCause
from schemas.people import Actor, Role, Via
from schemas.publishing.fee import FeeKind
from schemas.refund.events import RefundGivenByHand
from schemas.refund.state import WITHOUT_PROVIDER, CaptureTaken, CaseState, Refund, RefundCause, RefundEntry
from schemas.stream.ledger import About, Recorded
from tests.unit.filing.lives import FILE
from tests.unit.payments import payment_after

FILING: Final = UUID("f6fae566-a33a-5e3d-be63-33acc1539c0f")
AGENCY: Final = "H01.40"
AT: Final = datetime(2026, 11, 27, 3, tzinfo=UTC)
NUMBER: Final = f"{AGENCY}-2026-BL0000001"


def issue(of: FeeKind = FeeKind.FEE, **changes: Any) -> IssueReceipt:
    said: dict[str, Any] = {
        "command_id": f"number:{of}",
        "of": of,
        "series": "BLLP",
        "fee": 1,
        "lines": (ReceiptLine(code="a", amount=20_000), ReceiptLine(code="b", amount=5_000)),
        "channel": Channel.COUNTER,
        "about": About(stream=f"filing:{FILING}", seq=4),
    }
    return IssueReceipt(**said | changes)


def void(role: Role = Role.CASHIER, agency: str = AGENCY, **changes: Any) -> VoidReceipt:
    said: dict[str, Any] = {
        "command_id": "void",
        "actor": Actor(subject="c1", role=role, agency=agency),
        "via": Via(principal="test"),
        "registered": NUMBER,
        "reason": "ghi sai",
    }
    return VoidReceipt(**said | changes)


def approving(role: Role = Role.LEADER, subject: str = "l1") -> ApproveVoid:
    actor = Actor(subject=subject, role=role, agency=AGENCY)
    return ApproveVoid(command_id="approve", actor=actor, via=Via(principal="test"), registered=NUMBER)


def after(papers: OfficialPapers, command: Command, at: datetime = AT, **taken: str) -> OfficialPapers:
    """Returns the stream after the log has recorded the command's events with these numbers."""
    for seq, event in enumerate(PAPERS.decide(papers, command, at), papers.seq + 1):
        told = event.model_copy(update=taken)
        recorded = Recorded(seq=seq, at=at, command_id=command.command_id, actor=command.actor, event=told)
        papers = PAPERS.evolve(papers, recorded)
    return papers


NOTHING: Final = PAPERS.initial(Origin(StreamId.parse(papers_stream(FILING)), AGENCY))
ISSUED: Final = after(NOTHING, issue(), number=NUMBER)


def rule(papers: OfficialPapers, command: Command) -> tuple[str, str]:
    with pytest.raises(RefusalError) as refused:
        PAPERS.decide(papers, command, AT)
    [problem] = refused.value.refusal.problems
    return problem.field, problem.rule


def test_a_receipt_is_the_sum_of_its_lines_once_of_each_kind_in_its_series() -> None:
    [one] = ISSUED.receipts
    assert (one.registered, one.series, one.amount, one.given) == (NUMBER, "BLLP-26", 25_000, False)
    late = datetime(2026, 12, 31, 17, tzinfo=UTC)
    assert after(NOTHING, issue(), late, number="x").receipts[0].series == "BLLP-27", "the year of Vietnam"
    assert rule(ISSUED, issue()) == ("", "wrong_state")
    both = after(ISSUED, issue(FeeKind.CHARGE), number=f"{AGENCY}-2026-BP0000001")
    assert [one.of for one in both.receipts] == [FeeKind.FEE, FeeKind.CHARGE]
    given = after(NOTHING, issue(series="1C26TBL", given="0000007"))
    [one] = given.receipts
    assert (one.registered, one.given) == (number_given(AGENCY, "1C26TBL", "0000007"), True)
    assert PAPERS.receipts(given)[0]["number"] == f"{AGENCY}-1C26TBL-0000007"


@pytest.mark.parametrize("role", [Role.CASHIER, Role.LEADER])
def test_a_cashier_or_a_leader_makes_it_void_for_ever(role: Role) -> None:
    assert rule(ISSUED, approving(role)) == ("registered", "no_void_asked")
    asked = after(ISSUED, void(role))
    assert asked.receipts[0].voided_at is None, "one alone makes nothing void"
    assert rule(asked, approving(role, "c1")) == ("actor.subject", "needs_another")
    void_one = after(asked, approving(role))
    assert void_one.receipts[0].voided_at == AT
    assert rule(void_one, void(role)) == ("registered", "receipt_is_void")
    assert rule(void_one, approving(role)) == ("registered", "receipt_is_void")
    assert rule(void_one, issue()) == ("", "wrong_state"), "nor is another issued for the same by itself"


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (void(Role.SPECIALIST), ("actor.role", "role_not_allowed")),
        (void(Role.OPERATOR), ("actor.role", "role_not_allowed")),
        (void(agency="H01.12"), ("actor.agency", "other_agency")),
        (void(registered=f"{AGENCY}-2026-BL0000009"), ("registered", "unknown_receipt")),
    ],
)
def test_nobody_else_makes_it_void_nor_one_that_there_is_not(command: VoidReceipt, why: tuple[str, str]) -> None:
    assert rule(ISSUED, command) == why


def test_another_stands_in_its_place() -> None:
    void_one = after(after(ISSUED, void(again=True)), approving())
    about = About(stream=papers_stream(FILING), seq=void_one.seq)
    anew = after(void_one, issue(about=about, replaces=NUMBER), number=f"{AGENCY}-2026-BL0000002")
    assert [(one.voided_at is None, one.replaces) for one in anew.receipts] == [(False, None), (True, NUMBER)]
    assert valid(anew.receipts, anew.receipts[0].fee, anew.receipts[0].of) == anew.receipts[1:]


@pytest.mark.parametrize(("given", "n"), [(0, 1000), (15_999, 1000), (16_000, 1000), (16_000, 2000), (16_000, 1001)])
def test_the_money_of_a_fee_paid_without_provider_is_gone_once_all_of_it_was_given_back(given: int, n: int) -> None:
    """The rule is for money without a payment (`n` is a multiple of 1,000); payments record the loss by themselves."""
    taken = {"payment": n // 1000, "capture_id": WITHOUT_PROVIDER, "amount": 16_000, "asked": 16_000, "description": ""}
    capture = CaptureTaken.model_validate(taken | {"requested_at": AT, "due": AT})
    entry = RefundEntry(case=1, amount=given, cause=RefundCause.REQUEST, state=CaseState.GIVEN)
    other = RefundEntry(case=2, amount=16_000, cause=RefundCause.REQUEST, state=CaseState.LEFT_TO_HAND)
    refund = Refund(filing_id=FILING, n=n, agency=AGENCY, capture=capture, entries=(entry, other))
    assert (gone_without_provider(refund) is VoidCause.REFUNDED) is (given == 16_000 and n % 1000 == 0)


@pytest.mark.parametrize(
    ("back", "cause"),
    [
        ((("refund", "m1", 15_999),), None),
        ((("refund", "m1", 6_000), ("refund", "m1", 10_000)), VoidCause.REFUNDED),
        ((("charge_back", "m1"),), VoidCause.CHARGED_BACK),
        ((("refund", "m1", 6_000), ("charge_back", "m1", 10_000)), VoidCause.CHARGED_BACK),
    ],
)
def test_the_money_of_a_fee_paid_online_is_gone_with_its_last_dong(back: tuple[Any, ...], cause: Any) -> None:
    assert gone(payment_after(("money", "m1"), *back)) is cause


def test_what_each_event_causes_on_paper() -> None:
    kinds = (PaperKind.CHARGE_RECEIPT, PaperKind.FEE_RECEIPT)
    assert papers_of(FeePaid(n=1, amount=1, channel=Channel.COUNTER)) == (*kinds, PaperKind.CORRECTION)
    [issued] = PAPERS.decide(NOTHING, issue(), AT)
    assert papers_of(issued) == (PaperKind.FEE_RECEIPT,)
    said: dict[str, Any] = {"of": FeeKind.FEE, "registered": NUMBER, "fee": 1, "officer": "c1", "reason": "-"}
    assert papers_of(ReceiptVoided(**said)) == ()
    assert papers_of(ReceiptVoided(**said, again=True)) == (PaperKind.FEE_RECEIPT,)
    assert papers_of(ReceiptVoided(**said, given=True)) == (PaperKind.FEE_RECEIPT,), "who gave it is told"
    back: dict[str, Any] = {"case": 1, "amount": 1, "officer": "c1", "means": "cash", "evidence": FILE}
    assert papers_of(RefundGivenByHand(**back, capture_id=WITHOUT_PROVIDER)) == kinds
    assert papers_of(RefundGivenByHand(**back, capture_id="m1")) == (), "the payment tells"


WEIGHTS = st.lists(st.integers(0, 10**9), min_size=1, max_size=8)


@given(WEIGHTS, st.integers(0, 10**10))
def test_the_shares_are_the_amount_and_none_is_a_dong_away_from_its_part(weights: list[int], amount: int) -> None:
    assume(sum(weights) or not amount)
    shares = apportioned(amount, weights)
    assert sum(shares) == amount
    for share, weight in zip(shares, weights, strict=True):
        exact = Fraction(amount * weight, sum(weights) or 1)
        assert floor(exact) <= share <= ceil(exact)


@given(WEIGHTS)
def test_what_was_paid_in_full_is_what_each_line_says(weights: list[int]) -> None:
    assert list(apportioned(sum(weights), weights)) == weights


@given(
    st.lists(st.tuples(st.integers(1, 10**9), st.integers(1, 50), st.sampled_from(FeeKind)), min_size=1, max_size=6),
    st.integers(0, 100),
)
def test_the_receipts_of_a_payment_are_what_was_paid(items: list[tuple[int, int, FeeKind]], percent: int) -> None:
    lines = [FeeLine(code=f"item_{n}", amount=amount, quantity=many) for n, (amount, many, _) in enumerate(items)]
    kinds = {f"item_{n}": kind for n, (_, _, kind) in enumerate(items)}
    paid = sum(line.total for line in lines) * (100 - percent) // 100
    found = {of: lines_of(of, paid, lines, kinds) for of in FeeKind}
    assert sum(line.amount for each in found.values() for line in each) == paid
    assert all(line.amount > 0 and kinds[line.code] is of for of, each in found.items() for line in each)
    totals = {line.code: line.total for line in lines}
    assert all(line.amount <= totals[line.code] for each in found.values() for line in each)


def test_the_dong_that_remain_go_to_the_largest_fractions_and_of_equal_ones_to_the_first() -> None:
    assert apportioned(100, [1, 1, 1]) == (34, 33, 33)
    assert apportioned(145_000 // 2, [30_000, 115_000]) == (15_000, 57_500)
    assert apportioned(10, [999, 1, 1000]) == (5, 0, 5)
    assert apportioned(0, [0, 0]) == (0, 0)


@pytest.mark.parametrize(("amount", "weights"), [(-1, [1]), (1, [2, -1]), (1, [0]), (1, [])])
def test_what_cant_be_shared_is_not(amount: int, weights: list[int]) -> None:
    with pytest.raises(ValueError, match="shared"):
        apportioned(amount, weights)


def test_an_item_of_which_nobody_knows_the_kind_is_no_receipt() -> None:
    with pytest.raises(KeyError):
        lines_of(FeeKind.FEE, 1, [FeeLine(code="stray", amount=1, quantity=1)], {})


OTHER: Final = "H01.41"


def test_a_receipt_is_of_the_agency_that_issues_it_and_only_that_makes_it_void() -> None:
    number = f"{OTHER}-2026-BP0000001"
    both = after(ISSUED, issue(FeeKind.CHARGE, agency=OTHER), number=number)
    assert [row["agency"] for row in PAPERS.receipts(both)] == [AGENCY, OTHER]
    assert after(NOTHING, issue(agency=AGENCY), number=NUMBER).receipts[0].agency is None
    assert rule(both, void(agency=OTHER)) == ("actor.agency", "other_agency")
    assert rule(both, void(registered=number)) == ("actor.agency", "other_agency")
    assert after(both, void(agency=OTHER, registered=number)).receipts[1].void_asked is not None
    given = after(NOTHING, issue(series="1C26TBL", given="0000007", agency=OTHER))
    assert given.receipts[0].registered == number_given(OTHER, "1C26TBL", "0000007")
