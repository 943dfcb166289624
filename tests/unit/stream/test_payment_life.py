"""What a payment does when the bank has the last word, and when its filing has ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import pytest

from activities.workflows import TellRequest
from rules.streams import PAYMENT
from schemas.payment import Capture, Order, PaymentState
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
    engine.run.workflow_id = f"payment:{FILING}:1"
    life = PaymentLife(PAYMENT, START)
    await life._begin()
    return life


def closed(*captures: Capture) -> Order:
    return Order(order_id="o1", pay_url="https://bank/o1", cancelled=True, captures=captures)


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
    await life._close_order()
    assert life.stream.state.state is state
    assert [stored.event["kind"] for stored in engine.log] == kinds


@pytest.mark.parametrize(("not_found", "told"), [(True, "payment_cancelled"), (False, "payment_captured")])
async def test_money_for_a_filing_that_has_ended_is_owed_no_more(engine: Engine, told: str, *, not_found: bool) -> None:
    life = await begun(engine)
    engine.answers |= {"close": closed(PAID), "closed": True, "tell": not not_found}
    await life._close_order()
    await life._tell_filing()
    asked: TellRequest = dict(engine.asked)["tell"]
    assert (asked.id, asked.signal) == (f"filing:{FILING}", "fee_settled")
    assert asked.said == {"n": 1, "settlement": "paid", "amount": 16000}
    assert engine.log[-1].event["kind"] == told
    assert [capture.capture_id for capture in life.stream.state.to_refund] == (["c1"] if not_found else [])
