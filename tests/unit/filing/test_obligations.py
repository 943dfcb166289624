"""What is owed to a tax office: asked for by a payment where that takes money, met by it or by the proof."""

from __future__ import annotations

from typing import Any, Final

import pytest

from rules.evidence import Entry
from rules.payment.status import tells
from rules.refund import claims
from rules.streams import PAYMENT
from schemas.filing.state import TaxDemand
from schemas.ids import OBLIGATIONS, StreamId, fee_key, payment_workflow, reference_of
from schemas.limit import Limit
from schemas.payment.commands import RequestPayment
from schemas.payment.events import PaymentCancelled, PaymentRequested
from schemas.payment.state import Payment, PaymentStart, PaymentState
from tests.unit.filing.lives import APPLICANT, CASHIER, LEADER, SPECIALIST, START, TAX, Life, at

OFFICE: Final = "H01.50"
FIRST: Final = OBLIGATIONS + 1
AMOUNT: Final = 5_000_000
PAID: Final[dict[str, Any]] = {"n": FIRST, "settlement": "paid", "amount": AMOUNT}


def demanded(*, payable: bool = True, agency: str | None = OFFICE) -> Life:
    return demand(at(TAX), payable=payable, agency=agency)


def demand(life: Life, *, payable: bool = True, agency: str | None = OFFICE) -> Life:
    said = {"reference": "34/TB-CCT", "amount": AMOUNT, "agency": agency, "payable": payable}
    return life.do("refer_obligation", SPECIALIST, reference="12/PC").do("demand_obligation", SPECIALIST, **said)


def collected(life: Life) -> list[int]:
    return [one.n for one in life.filing.demands_to_collect]


def test_a_demand_is_collected_for_the_tax_office_and_met_by_its_payment() -> None:
    life = demanded()
    assert life.filing.demands_to_collect == (TaxDemand(n=FIRST, agency=OFFICE, amount=AMOUNT),)
    assert (life.filing.fees_to_collect, life.filing.payments_to_cancel, life.status) == ((), (), 6)

    life.do("settle_fee", **PAID)

    met = next(recorded.event for recorded in life.log if recorded.event.kind == "obligation_fulfilled")
    assert (met.n, met.officer, met.step) == (FIRST, "motcua", "tax")
    assert met.reference == reference_of(fee_key(life.filing.filing_id, FIRST))
    assert (life.kinds[-1], life.status, life.stage) == ("step_started", 4, "review")
    assert (collected(life), life.filing.payments_to_cancel) == ([], ())
    assert life.refusal("settle_fee", **PAID) == [("", "wrong_stage")]


@pytest.mark.parametrize("agency", [OFFICE, None])
def test_without_anybody_who_takes_its_money_only_the_proof_counts(agency: str | None) -> None:
    life = demanded(payable=False, agency=agency)
    assert (life.filing.demands, collected(life)) == ((), [])
    assert life.filing.obligation is not None
    assert (life.filing.obligation.agency, life.filing.obligation.n) == (agency, None)
    assert life.refusal("settle_fee", **PAID) == [("", "wrong_stage")]
    life.do("fulfil_obligation", CASHIER, reference="56/GNT")
    assert (life.stage, life.filing.payments_to_cancel) == ("review", ())


def test_after_the_proof_the_payment_asks_no_more() -> None:
    life = demanded().do("fulfil_obligation", CASHIER, reference="56/GNT")
    assert (collected(life), life.filing.payments_to_cancel) == ([], (FIRST,))
    assert life.refusal("settle_fee", **PAID) == [("", "wrong_stage")]


def test_a_demand_that_is_taken_back_is_not_met_by_its_payment_and_the_next_has_one_of_its_own() -> None:
    life = demand(demanded().do("recall", SPECIALIST))
    assert (collected(life), life.filing.payments_to_cancel) == ([FIRST + 1], (FIRST,))
    assert life.refusal("settle_fee", **PAID) == [("n", "no_such_fee")]
    life.do("settle_fee", **PAID | {"n": FIRST + 1})
    assert (life.stage, life.filing.payments_to_cancel) == ("review", (FIRST,))


@pytest.mark.parametrize("end", ["withdraw", "stop"])
def test_a_filing_that_ends_owes_nothing_of_it(end: str) -> None:
    life = demanded()
    if end == "withdraw":
        life.do("withdraw", APPLICANT, reason="đổi ý")
    else:
        why = {"reason": "-", "legal_basis": "-", "unproposed_reason": "-"}
        life.do("stop", LEADER, mode="end", **why)
    assert (collected(life), life.filing.payments_to_cancel) == ([], (FIRST,))


def test_what_was_met_before_the_filing_ended_stays_with_the_tax_office() -> None:
    life = demanded().do("settle_fee", **PAID).do("withdraw", APPLICANT, reason="đổi ý")
    assert life.filing.payments_to_cancel == ()
    assert claims.fees_to_return(life.filing) == ()


def test_once_the_time_to_pay_is_over_nobody_begins_to_ask_and_the_proof_counts() -> None:
    life = demanded()
    life.until("2026-12-25 17:00").do("timer_fired", clock="obligation")
    assert (collected(life), life.filing.payments_to_cancel, life.filing.closed) == ([], (), False)
    assert life.refusal("settle_fee", **PAID | {"settlement": "expired", "amount": 0}) == [("n", "no_such_fee")]
    life.do("fulfil_obligation", CASHIER, reference="56/GNT")
    assert life.filing.payments_to_cancel == (FIRST,)


@pytest.mark.parametrize("wrong", [{"amount": AMOUNT - 1}, {"amount": AMOUNT + 1}, {"n": FIRST + 1}, {"n": 1}])
def test_what_is_not_what_was_demanded_meets_nothing(wrong: dict[str, Any]) -> None:
    assert demanded().refusal("settle_fee", **PAID | wrong) == [("n", "no_such_fee")]


def test_less_that_was_accepted_meets_it() -> None:
    said = {"amount": AMOUNT - 1_000, "forgone": 1_000}
    assert demanded().do("settle_fee", **PAID | said).stage == "review"


# Its payment.


def requested() -> tuple[Payment, PaymentRequested]:
    life = demanded()
    said = {"filing_id": life.filing.filing_id, "n": FIRST, "agency": OFFICE, "amount": AMOUNT, "description": "x"}
    runs = {"since": START, "calendar": "vn@2026.1", "due": life.clock("obligation").due}
    start = PaymentStart.model_validate(said | runs | {"limit": Limit.model_validate("30 calendar days")})
    empty = Payment(filing_id=start.filing_id, n=FIRST, agency=OFFICE)
    [event] = PAYMENT.decide(empty, RequestPayment(command_id="request", start=start), START)
    assert isinstance(event, PaymentRequested)
    return empty, event


def test_its_payment_is_asked_for_by_the_demand() -> None:
    of, event = requested()
    stream = StreamId.parse(payment_workflow(of.filing_id, FIRST))
    asked = Entry(("obligation_demanded",), {"amount": AMOUNT, "n": FIRST}, f"filing:{of.filing_id}")
    assert PAYMENT.evidence(stream, event) == ((asked,),)


def test_its_payment_is_owed_no_more_once_the_obligation_is_over_and_was_not_met_by_it() -> None:
    of, _ = requested()
    filing, stream = f"filing:{of.filing_id}", StreamId.parse(payment_workflow(of.filing_id, FIRST))
    [[over, met]] = PAYMENT.evidence(stream, PaymentCancelled(reason="-")) or ()
    assert {"obligation_fulfilled", "recalled", "withdrawn", "stopped", "reopened"} <= set(over.kinds)
    assert (over.stream, over.after) == (filing, Entry(("obligation_demanded",), {"n": FIRST}, filing))
    assert met == Entry(("obligation_fulfilled",), {"n": FIRST}, filing, absent=True)


@pytest.mark.parametrize(
    ("n", "state", "heard"),
    [
        (FIRST, PaymentState.PAID, {"obligation_fulfilled"}),
        (FIRST, PaymentState.EXPIRED, set()),
        (FIRST, PaymentState.PENDING, set()),
        (FIRST, PaymentState.CANCELLED, set()),
        (1, PaymentState.EXPIRED, {"fee_paid", "fee_expired", "result_unclaimed", "fee_waived"}),
    ],
)
def test_a_filing_hears_that_it_was_met_and_not_that_it_was_not(n: int, state: PaymentState, heard: set[str]) -> None:
    of = Payment(filing_id=requested()[0].filing_id, n=n, agency=OFFICE, state=state)
    assert set(PAYMENT.standing(of).heard_as) == heard
    assert tells(of) is bool(heard)
