"""The cost of a filing: amount × quantity in đồng, within bounds, by the amounts in force, less the waived part."""

from datetime import date, datetime
from fractions import Fraction
from math import floor
from typing import Any, Final

import hypothesis.strategies as st
import pytest
from hypothesis import given

from rules.filing.fees.assessment import assess
from rules.require import require
from rules.time.working_time import VIETNAM
from schemas.filing.events import FeeLine, FeePaid, FeeRequested
from schemas.level import Channel, Level
from schemas.people import Role
from schemas.publishing.procedure_rules import FeePart, ProcedureRules
from schemas.text import FormValue
from tests.unit.filing.fees import RISING
from tests.unit.filing.lives import CASHIER, LEADER, PAPER, RECEPTION, Life, fee, officer, procedure, submission
from tests.walking import walked

FEE: Final[dict[str, Any]] = {
    "items": [{"code": "extract", "amount": 8000, "per": "copies"}, {"code": "filing", "amount": 50_000}],
    "due": "acceptance",
    "channels": ["counter"],
    "limit": "5 working days",
}
RECEIVED: Final = date(2026, 11, 25)
NOW: Final = datetime(2026, 11, 25, 9, tzinfo=VIETNAM)


def costs(item: dict[str, Any], form: dict[str, FormValue], received: date = RECEIVED, **rule: Any) -> int:
    """Returns the cost of one item."""
    facts = FEE | {"items": [{"code": "item", "amount": 1_000_000} | item]} | rule
    return assess(FeePart.model_validate(facts), submission(form=form), received, NOW).total


@pytest.mark.parametrize(
    ("born", "on_time", "late"),
    [
        ("2026-11-25", 1_000_000, 0),
        ("2026-09-26", 1_000_000, 0),
        ("2026-09-25", 1_000_000, 0),  # day 60 is 24/11, a public holiday
        ("2026-09-24", 0, 1_000_000),
        ("1990-01-01", 0, 1_000_000),
        ("2026-12-24", 1_000_000, 0),
    ],
)
def test_a_date_lies_so_many_days_before_the_receipt(born: str, on_time: int, late: int) -> None:
    """60 days before 25 November is 26 September."""
    form: dict[str, FormValue] = {"born": born}
    assert costs({"when": [{"field": "born", "at_most_days_ago": 60}]}, form) == on_time
    assert costs({"when": [{"field": "born", "at_least_days_ago": 61}]}, form) == late


@pytest.mark.parametrize(
    ("born", "received", "late"),
    [
        ("2026-10-06", "2026-12-04", 0),  # day 60 is Saturday, 5/12
        ("2026-10-06", "2026-12-06", 0),
        ("2026-10-06", "2026-12-07", 0),
        ("2026-10-06", "2026-12-08", 1_000_000),
        ("2026-10-05", "2026-12-04", 0),  # it is Friday, 4/12
        ("2026-10-05", "2026-12-05", 1_000_000),
        ("2026-10-05", "2026-12-07", 1_000_000),
        ("2025-12-18", "2026-02-23", 0),  # it is Monday of Tết, 16/2, and work begins on 23/2
        ("2025-12-18", "2026-02-24", 1_000_000),
        ("2026-12-06", "2026-12-07", 0),
    ],
)
def test_a_limit_that_ends_on_a_day_off_is_kept_on_the_next_working_day(born: str, received: str, late: int) -> None:
    form: dict[str, FormValue] = {"born": born}
    found = costs({"when": [{"field": "born", "at_least_days_ago": 61}]}, form, date.fromisoformat(received))
    on_time = costs({"when": [{"field": "born", "at_most_days_ago": 60}]}, form, date.fromisoformat(received))
    assert (found, on_time) == (late, 1_000_000 - late)


@pytest.mark.parametrize("form", [{}, {"born": "yesterday"}, {"born": "20260926"}, {"born": 5}])
def test_what_is_no_date_lies_no_days_before(form: dict[str, FormValue]) -> None:
    for bound in ("at_most_days_ago", "at_least_days_ago"):
        assert costs({"when": [{"field": "born", bound: 0}]}, form) == 0


# Which day governs. From 1/12 a copy costs 10,000 đồng.


def rising(governed_by: str, **changes: Any) -> ProcedureRules:
    return procedure(fee=fee() | {"items": RISING, "governed_by": governed_by} | changes)


@pytest.mark.parametrize(("governed_by", "amount"), [("receipt", 16_000), ("request", 20_000), ("payment", 20_000)])
def test_the_amounts_of_the_day_that_governs_are_asked_for(governed_by: str, amount: int) -> None:
    life = Life(rising(governed_by)).until("2026-12-01 08:00").accepted()
    assert [asked.amount for asked in life.filing.fees] == [amount]


@pytest.mark.parametrize("governed_by", ["receipt", "request"])
def test_what_was_asked_for_stays_the_amount_unless_the_day_of_payment_governs(governed_by: str) -> None:
    life = Life(rising(governed_by)).accepted().until("2026-12-01 08:00")
    assert life.refusal("pay_at_counter", CASHIER, amount=20_000) == [("amount", "amount_differs")]
    assert life.refusal("pay_at_counter", CASHIER, amount=16_000) == []


def test_on_the_day_of_payment_the_counter_takes_the_amount_of_that_day() -> None:
    life = Life(rising("payment")).accepted()
    assert life.refusal("pay_at_counter", CASHIER, amount=16_000) == []
    life.until("2026-12-01 08:00")
    assert life.refusal("pay_at_counter", CASHIER, amount=16_000) == [("amount", "amount_differs")]
    life.do("pay_at_counter", CASHIER, amount=20_000)
    asked, paid = (recorded.event for recorded in life.log[-3:-1])
    assert isinstance(asked, FeeRequested)
    assert isinstance(paid, FeePaid)
    assert (asked.n, asked.amount, paid.n, paid.amount) == (2, 20_000, 2, 20_000)
    assert [(one.n, str(one.state)) for one in life.filing.fees] == [(1, "cancelled"), (2, "paid")]
    assert life.filing.payments_to_cancel == (1,)
    assert "payment" not in life.ringing


# What the counter takes.


def test_a_fee_that_is_not_paid_in_cash_is_paid_by_card_or_transfer() -> None:
    life = Life(procedure(fee=fee() | {"cash": False})).accepted()
    for means in (None, "cash"):
        assert life.refusal("pay_at_counter", CASHIER, amount=16_000, means=means) == [("means", "no_cash")]
    life.do("pay_at_counter", CASHIER, amount=16_000, means="card", reference="POS004711")
    paid = [recorded.event for recorded in life.log if isinstance(recorded.event, FeePaid)]
    assert [(one.channel, one.means, one.reference) for one in paid] == [(Channel.COUNTER, "card", "POS004711")]


def test_what_is_no_cash_names_the_slip_or_the_banks_number_and_cash_names_none() -> None:
    life = Life(procedure(fee=fee())).accepted()
    for means in ("card", "transfer"):
        assert life.refusal("pay_at_counter", CASHIER, amount=16_000, means=means) == [
            ("reference", "reference_required")
        ]
    for cash in (None, "cash"):
        assert life.refusal("pay_at_counter", CASHIER, amount=16_000, means=cash, reference="POS1") == [
            ("reference", "no_reference")
        ]


@pytest.mark.parametrize("level", [1, 2, 3, 4])
@pytest.mark.parametrize("means", [None, "card", "transfer"])
def test_the_counter_takes_the_fee_at_every_level_also_what_was_to_come_online(level: int, means: str | None) -> None:
    channels = ["online", "counter"] if level == Level.FULLY_ONLINE else ["counter"]
    filed = (PAPER if level <= Level.FORMS else {}) | (
        {} if level == Level.FULLY_ONLINE else {"result_channel": "counter"}
    )
    life = Life(procedure(level=level, fee=fee() | {"channels": channels}), **filed)
    life = life.accepted() if life.stage == "intake" else life
    asked = life.filing.fees[-1]
    assert asked.online is (level == Level.FULLY_ONLINE)
    life.do("pay_at_counter", CASHIER, amount=asked.amount, means=means, reference=None if means is None else "FT1")
    [paid] = [recorded.event for recorded in life.log if isinstance(recorded.event, FeePaid)]
    assert (paid.n, paid.amount, paid.channel) == (asked.n, asked.amount, Channel.COUNTER)
    assert life.filing.payments_to_cancel == ((asked.n,) if asked.online else ())


# Waivers.


def waived(**rule: Any) -> Life:
    """Returns a filing whose fee is due, under a procedure with one waiver."""
    waiver = {"code": "vneid", "percent": 100, "approver": "reception"} | rule
    return Life(procedure(fee=fee() | {"waivers": [waiver]})).accepted()


def why_not(life: Life) -> list[tuple[str, str]]:
    return life.refusal("waive_fee", SECOND, waiver="vneid", reason="đủ điều kiện")


SECOND: Final = officer(Role.RECEPTION, "reception-2")


def test_who_has_accepted_it_does_not_waive_its_fee_but_another_officer_or_a_leader_does() -> None:
    said = {"waiver": "vneid", "reason": "đủ điều kiện"}
    assert waived().refusal("waive_fee", RECEPTION, **said) == [("actor.subject", "four_eyes")]
    for other in (SECOND, LEADER):
        [event] = [one.event for one in waived().do("waive_fee", other, **said).log if one.event.kind == "fee_waived"]
        assert (event.officer, event.accepted_by) == (other.subject, RECEPTION.subject)


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ({}, None),
        ({"valid_from": "2026-11-26"}, "waiver_not_in_force"),
        ({"valid_until": "2026-11-24"}, "waiver_not_in_force"),
        ({"valid_from": "2026-11-25", "valid_until": "2026-11-25"}, None),
        ({"when": [{"channel": "online"}]}, None),
        ({"when": [{"channel": "counter"}]}, "waiver_not_for_this_filing"),
        ({"when": [{"field": "copies", "at_least": 3}]}, "waiver_not_for_this_filing"),
        ({"evidence": "identity"}, None),
        ({"evidence": "mandate"}, "waiver_without_evidence"),
    ],
)
def test_a_waiver_is_granted_in_time_with_its_evidence(rule: dict[str, Any], problem: str | None) -> None:
    life = waived(**rule)
    assert why_not(life) == ([] if problem is None else [("waiver", problem)])
    assert ("reception" in life.queues) == (problem is None)


def test_a_waiver_ends_by_the_day_of_receipt_or_of_payment() -> None:
    assert why_not(waived(valid_until="2026-11-25").until("2026-11-27 08:00")) == []
    rule = {"waivers": [{"code": "vneid", "percent": 100, "approver": "reception", "valid_until": "2026-11-25"}]}
    life = Life(procedure(fee=fee() | rule | {"governed_by": "payment"})).accepted()
    assert why_not(life) == []
    assert why_not(life.until("2026-11-26 08:00")) == [("waiver", "waiver_not_in_force")]


# Rates, rounding, bounds.


def test_a_rate_is_one_line_of_one_unit() -> None:
    item = {"code": "duty", "basis_points": 50, "of": "value", "maximum": 60_000}
    rule = FeePart.model_validate(FEE | {"items": [item]})
    assert [assess(rule, submission(form={"value": n}), RECEIVED, NOW).lines for n in (10_000_000, 20_000_000)] == [
        (FeeLine(code="duty", amount=50_000, quantity=1),),
        (FeeLine(code="duty", amount=100_000, quantity=1, bounded=60_000),),
    ]


def copies(bounds: dict[str, Any], *found: tuple[int, int]) -> list[tuple[dict[str, Any], dict[str, Any], str, int]]:
    """Returns cases from pairs of a number of copies and its cost."""
    return [(bounds | {"per": "copies"}, {"copies": n}, "2026-11-25", total) for n, total in found]


def rate(points: int, *found: tuple[int, int], **bounds: int) -> list[tuple[dict[str, Any], dict[str, Any], str, int]]:
    """Returns cases from pairs of a value and its fee; `points` is the rate in hundredths of a percent."""
    item = {"amount": None, "basis_points": points, "of": "value"} | bounds
    return [(item, {"value": value}, "2026-11-25", due) for value, due in found]


VALID: Final = {"valid_from": "2026-08-15", "valid_until": "2027-02-28"}
LEAST: Final = {"minimum": 2_500_000}
BOTH: Final = LEAST | {"maximum": 6_000_000}


@walked(
    ("item", "form", "received", "total"),
    [
        # units cost at least and at most so much together; a minimum holds without a maximum
        ({"per": "copies"}, {}, "2026-11-25", 0),
        *copies(BOTH, (0, 0), (1, 2_500_000), (2, 2_500_000), (3, 3_000_000), (6, 6_000_000), (7, 6_000_000)),
        *copies(LEAST, (0, 0), (1, 2_500_000), (3, 3_000_000)),
        # an amount is in force on its first and on its last day
        *((VALID, {}, day, 0) for day in ("2026-08-14", "2027-03-01")),
        *((VALID, {}, day, 1_000_000) for day in ("2026-08-15", "2027-02-28")),
        # a rate is rounded half up to one đồng
        *rate(50, (0, 0), (99, 0), (100, 1), (299, 1), (300, 2), (10_000_000, 50_000)),
        *rate(50, (12_345_678, 61_728), (12_345_700, 61_729)),
        *rate(5000, (3, 2), (1, 1)),
        *rate(4999, (1, 0)),
        *rate(10_000, (7, 7), (100_000_000_000_000, 100_000_000_000_000)),
        # it comes to at least and at most so much; of nothing, nothing is due, whatever the minimum
        *rate(50, (0, 0), (1, 10_000), (2_000_000, 10_000), (2_000_100, 10_001), minimum=10_000, maximum=30_000),
        *rate(50, (10_000_000, 30_000), minimum=10_000, maximum=30_000),
    ],
    exactly=32,
)
def test_an_item_comes_to(item: dict[str, Any], form: dict[str, FormValue], received: str, total: int) -> None:
    assert costs(item, form, date.fromisoformat(received)) == total


ITEMS: Final = st.lists(
    st.one_of(
        st.builds(lambda amount: {"amount": amount}, st.integers(1, 10**9)),
        st.builds(lambda amount, n: {"amount": amount, "per": f"field_{n}"}, st.integers(1, 10**9), st.integers(0, 2)),
        st.builds(lambda r, n: {"basis_points": r, "of": f"field_{n}"}, st.integers(1, 10_000), st.integers(0, 2)),
    ),
    min_size=1,
    max_size=6,
)
BOUNDS: Final = st.tuples(st.none() | st.integers(1, 10**9), st.none() | st.integers(1, 10**9))
FORMS: Final = st.fixed_dictionaries({}, optional={f"field_{n}": st.integers(0, 10**5) for n in range(3)})


@given(ITEMS, st.lists(BOUNDS, min_size=6, max_size=6), FORMS, st.integers(0, 100))
def test_lines_sum_to_the_total_within_their_bounds_and_never_below_nothing(
    items: list[dict[str, Any]], bounds: list[tuple[int | None, int | None]], form: dict[str, FormValue], percent: int
) -> None:
    written = [
        {"code": f"item_{n}", "minimum": least, "maximum": most, **item}
        for n, (item, (least, most)) in enumerate(zip(items, bounds, strict=False))
    ]
    rule = FeePart.model_validate(FEE | {"items": written})
    found = assess(rule, submission(form=form), RECEIVED, NOW, percent)
    assert found.total + found.waived == sum(line.total for line in found.lines)
    assert found.total == sum(charge.amount for charge in found.charges)
    for charge in found.charges:
        item, line = charge.item, charge.line
        assert 0 < line.total <= (item.maximum or line.total)
        assert line.total >= min(item.minimum or 0, item.maximum or line.total)
        assert 0 <= charge.waived <= line.total
        assert 0 <= 2 * (charge.waived * 100 - line.total * percent) + 100 <= 200
        if item.of is not None:
            exact = Fraction(int(form[item.of]) * require(item.basis_points), 10_000)
            assert line.amount == floor(exact + Fraction(1, 2))
