"""Payments over each of the sandbox bank's interfaces (wires): the bank's side of a world, and a configured worker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from activities.partners.http import partner_client
from activities.partners.money.codecs import match
from activities.partners.money.provider import CAPABILITIES, Kind, Notice, Received
from gateway.relay import tell_payment
from schemas.ids import payment_workflow
from schemas.payment.state import MoneyNotice, PaymentView
from schemas.people import Role
from schemas.refund.commands import GiveBackByHand
from tests.acting import EXTRACT, FILE, Play, eventually, extract, publish_short
from tests.any_files import AnyFiles, received_by
from tests.callbacks import called_back, kept, merchants_of, verified_notice
from tests.conftest import World
from tests.sandboxes import Server
from tests.waits import named
from workers.wiring import activities, platform_worker

WIRES: Final[tuple[Kind, ...]] = ("vnpay", "platform", "vietqr")
AMOUNT: Final = 16_000
PAID: Final = ["payment_requested", "payment_ordered", "payment_captured"]


@dataclass
class Till:
    """The bank's side of a world: its server, and a handler that notifies payments of callbacks, unless it is `deaf`.

    `kept` has the notices that came while the handler was deaf.
    """

    world: World
    bank: Server
    wire: Kind
    loop: asyncio.AbstractEventLoop
    streams: dict[str, str] = field(default_factory=dict)
    deaf: bool = False
    kept: list[tuple[str, Notice]] = field(default_factory=list)

    async def receive(self, kind: Any, received: Received) -> None:
        found = verified_notice(merchants_of(self.bank), kind, received)
        if not isinstance(found, Notice):
            return
        reference = found.reference or match(found.memo or "", self.streams)
        if reference is None:
            return
        if self.deaf:
            self.kept.append((reference, found))
        else:
            await self.tell(reference, found)

    async def tell(self, reference: str, found: Notice) -> None:
        said = found.model_dump(include={"transaction", "amount", "outcome", "at"}) | {"reference": reference}
        if found.outcome == "reversed" and not CAPABILITIES[self.wire].own_numbers:
            said["by_number"] = True
        await kept(self.world, found)
        await tell_payment(self.world.temporal, self.streams[reference], MoneyNotice.model_validate(said))

    async def ordered(self, play: Play, n: int = 1) -> PaymentView:
        """Returns the n-th payment once it has an address to pay at."""
        await eventually(lambda: play.kinds("payment", n), lambda kinds: "payment_ordered" in kinds)
        asked = "select reference, provider from payment where filing_id = $1 and n = $2"
        [row] = await self.world.fetch(asked, play.filing, n)
        assert row["provider"] == self.wire
        self.streams[row["reference"]] = payment_workflow(play.filing, n)
        return await self.world.client.payment(play.filing, n)

    async def page(self, view: PaymentView) -> httpx.URL:
        """Returns the address of the page on which the payer pays, after the redirections in a browser or an app."""
        assert (view.pay_url is None) == (view.code is not None) == (self.wire == "vietqr")
        start = view.pay_url or str(httpx.URL(f"{self.bank.url}/vietqr/scan", params={"code": view.code or ""}))
        async with partner_client() as browser:
            page = await browser.get(start, follow_redirects=True)
        assert page.status_code == httpx.codes.OK, page.text
        return page.url

    async def pay(self, page: httpx.URL, payer: str = "0001") -> None:
        async with partner_client() as browser:
            await browser.post(page, data={"payer": payer}, headers={"accept": "text/html"})

    def ledger(self, reference: str) -> dict[str, Any]:
        orders = self.bank.client.get("/ledger").json()["orders"]
        found: dict[str, Any] = next(order for order in orders if order["key"] == f"{self.wire}:{reference}")
        return found


@asynccontextmanager
async def heard_of(world: World, folder: Path, wire: Kind) -> AsyncIterator[Till]:
    """Runs the bank's side of a world; the bank's callbacks reach the payments."""

    def answer(name: str, received: Received) -> tuple[int, bytes]:
        asyncio.run_coroutine_threadsafe(made.receive(name, received), made.loop).result(20)
        return 200, b'{"RspCode": "00", "MaLoi": "00"}'

    with called_back(answer) as callbacks:
        told = ("--pay-after", "0.3", "--retry-after", "0.4", "--callbacks", callbacks)
        with Server("bank", folder / "bank", *told) as bank:
            made = Till(world, bank, wire, asyncio.get_running_loop())
            yield made


@pytest.fixture
async def till(world: World, tmp_path: Path, wire: Kind) -> AsyncIterator[Till]:
    async with heard_of(world, tmp_path, wire) as made:
        yield made


@asynccontextmanager
async def at_work(till: Till, *others: str, **changes: Any) -> AsyncIterator[None]:
    """Runs a worker; every agency uses the merchants `others` and that of this wire, which has these `changes`."""
    world, providers = till.world, merchants_of(till.bank)
    wire = {till.wire: providers[till.wire].model_copy(update=changes)}
    settings = world.settings.model_copy(update={"providers": {**providers, **wire}})
    await world.execute("update agency set merchants = $1", ["nobody", till.wire, *others])
    async with (
        activities(settings) as functions,
        platform_worker(world.temporal, received_by(AnyFiles(), functions), settings),
        world.back_office(),
    ):
        yield


async def requested_fee(till: Till, **seconds: int) -> tuple[Play, str, httpx.URL]:
    """Returns a filing with a requested fee, the payment's reference, and the address of the pay page."""
    more = {"version": await publish_short(till.world, EXTRACT, **seconds)} if seconds else {}
    play = await Play.accepted(till.world, extract(payer_account=None, **more))
    page = await till.page(await till.ordered(play))
    return play, next(iter(till.streams)), page


async def paid_for(till: Till, **seconds: int) -> tuple[Play, str, httpx.URL]:
    """Returns a filing whose fee was paid and recorded, the payment's reference, and the address of the pay page."""
    play, reference, page = await requested_fee(till, **seconds)
    await till.pay(page)
    await eventually(play.kinds, lambda kinds: "fee_paid" in kinds)
    return play, reference, page


async def kinds(play: Play, last: str) -> list[str]:
    return await eventually(lambda: play.kinds("payment", 1), lambda found: found[-1] == last)


async def events(play: Play, wanted: str) -> list[str]:
    return await eventually(lambda: play.kinds("payment", 1), lambda found: wanted in found)


async def settled(till: Till, play: Play, reference: str, capture: int) -> list[str]:
    """Completes a refund, by the bank if the wire can, else by a cashier; returns the kinds of the payment's events."""
    refund = 1000 + capture
    await play.approve_refund(refund)
    if not CAPABILITIES[till.wire].refund:
        await eventually(lambda: play.kinds("refund", refund), lambda kinds: "refund_left_to_hand" in kinds)
        assert await left_to_people(till) == [("H56.30", f"{till.wire} does not give them back")]
        number = f"FT{play.filing.hex}-{refund}"
        said: dict[str, Any] = {"case": 1, "means": "transfer", "evidence": FILE, "bank_reference": number}
        await play.refund(GiveBackByHand, play.officer(Role.CASHIER), refund, **said)
        assert await left_to_people(till) == []
        return await events(play, "payment_refunded")
    found = await events(play, "payment_refunded")
    await eventually(lambda: given(till, reference), bool)
    return found


async def left_to_people(till: Till) -> list[tuple[str, str]]:
    """Returns the agency and the reason of each refund by hand that `motcua doctor` counts."""
    return [(agency, getattr(wait.why, "en", "")) for agency, wait in await named(till.world, "doctor.refunds.by_hand")]


async def given(till: Till, reference: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = till.ledger(reference)["refunds"]
    return found
