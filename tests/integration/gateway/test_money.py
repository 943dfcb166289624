"""Money over each wire through the real gateway: a filing, its payment, the bank's page, its callback, and back."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from activities.partners.money import provider_queries
from sandbox.bank.merchants import VNPAY_REVERSED, merchants
from tests.acting import eventually
from tests.integration.gateway.calls import ipn, kept, verdicts
from tests.integration.gateway.calls import till as till
from tests.workflow.money import AMOUNT, PAID, Till, asked, at_work, every_wire, paid_for


@every_wire
async def test_what_is_paid_is_captured_once_and_the_filing_goes_on(till: Till) -> None:
    async with at_work(till):
        play, _, _ = await paid_for(till)
        assert await verdicts(till) == ["confirmed"]
        assert await play.kinds("payment", 1) == PAID
        view = await till.world.client.payment(play.filing)
        assert (view.state, view.captured, view.refunded) == ("paid", AMOUNT, 0)


@pytest.mark.parametrize("wire", ["vnpay", "platform"])
async def test_a_signed_wrong_amount_is_settled_by_asking_at_once(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_queries, "gentle_pause", lambda *_: timedelta(hours=1))
    async with at_work(till):
        play, _, page = await asked(till)
        till.bank.client.put(f"/faults/{till.wire}", json={"fault": "wrong_amount", "times": 1, "value": 1000})
        await till.pay(page)
        await eventually(play.kinds, lambda kinds: "fee_paid" in kinds)
        assert set(await verdicts(till)) == {"wrong_amount"}
        assert await play.kinds("payment", 1) == PAID
        assert (await till.world.client.payment(play.filing)).captured == AMOUNT


@pytest.mark.parametrize("wire", ["vnpay"])
async def test_money_that_is_taken_back_in_parts_under_one_number_is_recorded_part_by_part(till: Till) -> None:
    async with at_work(till):
        play, reference, _ = await paid_for(till)
        (paid,) = await kept(till.world)
        merchant = merchants(till.bank.data)["vnpay"]
        said = {"TmnCode": merchant.name, "TransactionNo": paid["transaction"], "TransactionStatus": VNPAY_REVERSED}
        callbacks = till.bank.options[-1]
        async with httpx.AsyncClient(trust_env=False) as bank:
            for amount, at in ((3_000, "00"), (4_000, "00"), (3_000, "00"), (3_000, "07"), (4_000, "00")):
                part = said | {"Amount": f"{amount}00", "PayDate": f"202611271000{at}"}
                await bank.get(f"{callbacks}/vnpay?{ipn(reference, merchant.secret, **part)}")
        recorded = await eventually(
            lambda: play.kinds("payment", 1), lambda kinds: kinds.count("payment_charged_back") == 3
        )
        assert recorded == [*PAID, *["payment_charged_back"] * 3]
        assert len(await verdicts(till)) == 4, "a repeat is no row"
        assert (await till.world.client.payment(play.filing)).charged_back == 10_000
