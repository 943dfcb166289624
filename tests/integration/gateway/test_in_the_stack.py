"""The gateway as a part of the stack: the sandbox bank calls it back on every wire."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx

from activities.partners.money.merchants import MERCHANTS, provider
from deploy.stack import Stack
from schemas.ids import fee_key
from tests.acting import eventually
from tests.callbacks import new_demand
from tests.conftest import world_of
from tests.integration.gateway.calls import AMOUNT, demand, kept

PARTS: Final = ("postgres", "temporal", "migrations", "bank", "gateway")
WIRES: Final = {"vnpay": "00", "platform": "00", "vietqr": "confirmed"}


async def called(bank: httpx.AsyncClient) -> list[dict[str, Any]]:
    callbacks: list[dict[str, Any]] = (await bank.get("/callbacks")).json()["callbacks"]
    return callbacks


async def test_the_bank_calls_back_what_was_paid_on_its_page() -> None:
    with tempfile.TemporaryDirectory(prefix="motcua-") as folder:
        home = Path(folder).resolve()
        async with Stack(home, parts=PARTS) as stack:
            env = stack.env
            merchants = MERCHANTS.validate_json(env["MOTCUA_PROVIDERS"])
            world = await world_of(env, home)
            async with httpx.AsyncClient(base_url=env["MOTCUA_BANK_URL"], trust_env=False) as bank:
                for wire in WIRES:
                    _, filing = await demand(world, wire)
                    asked = new_demand(fee_key(filing, 1), AMOUNT, datetime.now(UTC), timedelta(minutes=15))
                    at = await provider(wire, merchants[wire], bank).order(asked)
                    start = at.pay_url or str(httpx.URL("/vietqr/scan", params={"code": at.code or ""}))
                    page = await bank.get(start, follow_redirects=True)
                    (await bank.post(str(page.url), data={"payer": "0001"})).raise_for_status()
                calls = await eventually(lambda: called(bank), lambda calls: all(call["answer"] for call in calls))
            answers = {call["wire"]: json.loads(call["answer"]) for call in calls}
            assert {wire: next(iter(said.values())) for wire, said in answers.items()} == WIRES
            assert {row["provider"]: row["verdict"] for row in await kept(world)} == dict.fromkeys(WIRES, "confirmed")
            async with httpx.AsyncClient(base_url=env["MOTCUA_GATEWAY_URL"], trust_env=False) as caller:
                assert "Cảm ơn" in (await caller.get("/returned?vnp_ResponseCode=00&x=canary")).text
                metrics = (await caller.get(env["MOTCUA_GATEWAY_METRICS_URL"])).text
            for wire in WIRES:
                labels = f'provider="{wire}",service_name="temporal-core-sdk",verdict="confirmed"'
                assert f"motcua_gateway_callbacks_total{{{labels}}} 1" in metrics
            assert "MC" not in metrics
