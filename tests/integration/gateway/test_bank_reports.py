"""The bank's own JSON protocol can report captures by callback; the report agrees with the answer to a query."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from activities.partners.http import partner_client
from activities.partners.money.bank import BankMerchant
from activities.partners.money.merchants import door, provider
from activities.partners.money.provider import Notice, Received, Refused, Verdict
from console.home import Home
from deploy.stack.parts import Platform
from sandbox.bank.merchants import merchants, own_settings
from schemas.ids import reference_of
from schemas.payment.state import DEFAULT_PROVIDER
from tests.acting import PAYS, PAYS_TOO_LITTLE, eventually
from tests.callbacks import MERCHANTS, called_back, new_demand
from tests.sandboxes import Server

FEE: Final = "fee:0d9c2f4e-7a51-5b0e-9c57-3f1f6a0c2b11"
PAYERS: Final = {f"{FEE}:1": PAYS, f"{FEE}:2": PAYS_TOO_LITTLE}


async def test_what_the_bank_reports_is_what_it_answers_and_is_signed(tmp_path: Path) -> None:
    came: list[Received] = []

    def answer(name: str, received: Received) -> tuple[int, bytes]:
        assert name == "bank"
        came.append(received)
        return (404 if len(came) == 1 else 200), b"{}"  # it is repeated until it is acknowledged

    with called_back(answer) as url:
        bank = Server("bank", tmp_path, "--pay-after", "0", "--retry-after", "0.1", "--callbacks", url)
        merchant = MERCHANTS.validate_python({"bank": own_settings(tmp_path, bank.url)})["bank"]
        with bank:
            async with partner_client() as client:
                wire, hears = provider("bank", merchant, client), door("bank", merchant)
                assert (wire.can.push, wire.can.cancel) == (True, True)
                now = datetime.now(UTC)
                demands = [new_demand(key, 16_000, now, timedelta(minutes=9)) for key in PAYERS]
                for demand in demands:
                    await wire.order(demand.model_copy(update={"payer_account": PAYERS[demand.key]}))
                await eventually(lambda: asyncio.sleep(0, len(came)), lambda found: found >= 3)
                asked = {notice for demand in demands for notice in await wire.query(demand)}
                told = {hears.verified(received, now) for received in came}
                assert told == asked
                assert {one.reference for one in asked} == {reference_of(key) for key in PAYERS}
                assert sorted(one.amount for one in told if isinstance(one, Notice)) == [15_000, 16_000]
                forged = Received(body=came[0].body.replace(b"000", b"001"), headers=came[0].headers)
                for wrong in (forged, Received(body=came[0].body), Received(body=came[0].body + b" " * 9_000)):
                    assert hears.verified(wrong, now) == Refused(verdict=Verdict.BAD_SIGNATURE)
    stati = {verdict: hears.reply(verdict).status for verdict in Verdict}
    again = {Verdict.UNKNOWN_ORDER, Verdict.BAD_SIGNATURE, Verdict.UNREADABLE, Verdict.NOT_KEPT}
    assert {verdict for verdict, status in stati.items() if status >= 400} == again


def test_the_stack_that_up_starts_has_its_bank_report(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.create()
    set_up = Platform(home, ("bank", "gateway"), {}, {}, ui=False).env()["MOTCUA_PROVIDERS"]
    merchant = MERCHANTS.validate_json(set_up)[DEFAULT_PROVIDER]
    assert isinstance(merchant, BankMerchant)
    assert merchant.secret.get_secret_value() == merchants(home.folder("bank"))[DEFAULT_PROVIDER].secret
