"""What a payment does when the bank has the last word, and when its filing has ended."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

import pytest

from activities.workflows import TellRequest
from rules.streams import PAYMENT
from schemas.ids import fee_key, reference_of
from schemas.payment import Capture, PaymentState, Taken, Through
from tests.unit.stream.shell import FILING, NOW, Engine
from workflows.payment import PaymentLife

START: Final = {
    "filing_id": str(FILING),
    "n": 1,
    "agency": "H01.30",
    "amount": 16000,
    "description": "H01.30-1",
    "limit": "5 working days",
    "since": NOW.isoformat(),
    "calendar": "vn@2026.1",
    "due": (NOW + timedelta(days=7)).isoformat(),
}
PAID: Final = Capture(capture_id="c1", amount=16000, at=NOW)


async def begun(engine: Engine) -> PaymentLife:
    engine.answers["merchant"] = Through(provider="bank")
    engine.run.workflow_id = f"payment:{FILING}:1"
    life = PaymentLife(PAYMENT, START)
    await life._begin()
    return life


def closed(*captures: Capture) -> Taken:
    return Taken(captures=captures)


@pytest.mark.parametrize(
    ("captures", "state", "kinds"),
    [
        ((PAID,), PaymentState.PAID, ["payment_requested", "payment_captured"]),
        ((), PaymentState.EXPIRED, ["payment_requested", "payment_expired"]),
        (
            (PAID.model_copy(update={"amount": 1}),),
            PaymentState.EXPIRED,
            ["payment_requested", "payment_captured", "payment_expired"],
        ),
    ],
    ids=["paid at the last moment", "not paid", "too little"],
)
async def test_whether_it_was_paid_is_what_the_bank_says_as_it_closes_the_order(
    engine: Engine, captures: tuple[Capture, ...], state: PaymentState, kinds: list[str]
) -> None:
    life = await begun(engine)
    engine.answers["close"] = closed(*captures)
    await life._close_orders()
    assert life.stream.state.state is state
    assert [stored.event["kind"] for stored in engine.log] == kinds


def said(**changes: object) -> dict[str, object]:
    """What a provider says by itself about the money of the payment."""
    reference = reference_of(fee_key(FILING, 1))
    notice = {"reference": reference, "transaction": "c1", "amount": 16000, "outcome": "paid", "at": NOW.isoformat()}
    return notice | changes


@pytest.mark.parametrize("first", ["notice", "query", "both at once"])
async def test_money_is_captured_once_whoever_tells_of_it_first(engine: Engine, first: str) -> None:
    """The notice says the hour in which it was heard, the query another one."""
    life = await begun(engine)
    notice, query = life.heard(said(at=None)), life._record_captures(closed(PAID))
    engine.time = NOW + timedelta(seconds=1)
    if first == "both at once":
        await asyncio.gather(notice, query)
    for word in {"notice": (notice, query), "query": (query, notice)}.get(first, ()):
        await word
    assert [stored.event["kind"] for stored in engine.log] == ["payment_requested", "payment_captured"]
    assert life.stream.state.state is PaymentState.PAID


@pytest.mark.parametrize(("amount", "state"), [(15999, "pending"), (16000, "paid"), (16001, "pending")])
async def test_a_notice_of_another_amount_than_was_asked_is_money_that_is_not_owed(
    engine: Engine, amount: int, state: str
) -> None:
    life = await begun(engine)
    await life.heard(said(amount=amount))
    payment = life.stream.state
    assert payment.state == state
    assert bool(payment.to_refund) == (state == "pending")


@pytest.mark.parametrize("outcome", ["pending", "failed"])
async def test_what_is_no_money_changes_nothing(engine: Engine, outcome: str) -> None:
    life = await begun(engine)
    await life.heard(said(outcome=outcome))
    assert [stored.event["kind"] for stored in engine.log] == ["payment_requested"]


@pytest.mark.parametrize(
    "notice",
    [
        None,
        [],
        "paid",
        {},
        said(amount=0),
        said(amount="16000.5"),
        said(reference="MCAAAAAAAAAAAAAAAA"),
        said(transaction="ả"),
        said(outcome="reversed"),
        said(at="yesterday"),
    ],
)
async def test_what_can_not_be_used_is_parked(engine: Engine, notice: object) -> None:
    engine.answers["park"] = None
    life = await begun(engine)
    await life.heard(notice)
    assert [asked.signal for name, asked in engine.asked if name == "park"] == ["noticed"]
    assert [stored.event["kind"] for stored in engine.log] == ["payment_requested"]


@pytest.mark.parametrize(("not_found", "told"), [(True, "payment_cancelled"), (False, "payment_captured")])
async def test_money_for_a_filing_that_has_ended_is_owed_no_more(engine: Engine, told: str, *, not_found: bool) -> None:
    life = await begun(engine)
    engine.answers |= {"close": closed(PAID), "closed": True, "tell": not not_found}
    await life._close_orders()
    await life._tell_filing()
    asked: TellRequest = dict(engine.asked)["tell"]
    assert (asked.id, asked.signal) == (f"filing:{FILING}", "fee_settled")
    assert asked.said == {"n": 1, "settlement": "paid", "amount": 16000}
    assert engine.log[-1].event["kind"] == told
    assert [capture.capture_id for capture in life.stream.state.to_refund] == (["c1"] if not_found else [])
