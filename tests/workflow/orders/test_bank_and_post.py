"""An act is under way while its run is reset, started again from the log, or leaves its build: it is done once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import asyncpg
import pytest
from temporalio.client import Client

from activities.ledger.append import Ledger
from activities.ledger.recording import record
from recovery.builds import Builds
from rules.stream_kind import Origin
from rules.streams import KINDS, PAYMENT
from schemas import ids
from schemas.filing import commands as cm
from schemas.filing.state import Stage
from schemas.payment.commands import RecordOrder
from schemas.people import Role
from tests.acting import ADDRESS, Play, birth, eventually, extract
from tests.any_files import AnyFiles, received_by
from tests.conftest import World
from tests.restarting import reset, restart
from tests.sandboxes import Server
from views.log import Log
from workers.wiring import activities, open_pool, open_vault, versioned_worker


class Partners:
    """A bank and a post of one test."""

    def __init__(self, folder: Path) -> None:
        self.bank = Server("bank", folder / "bank", "--pay-after", "3600")
        self.post = Server("post", folder / "post", "--step-after", "3600")

    def silent(self) -> None:
        """Let neither answer; what the bank is asked for next is done all the same."""
        self.bank.client.put("/faults/orders", json={"fault": "apply_then_hang", "times": 1, "value": 6})
        self.bank.client.put("/faults/orders", json={"fault": "busy", "times": 1_000_000}).raise_for_status()
        self.post.client.put("/outage", json={"seconds": 3600}).raise_for_status()

    def there(self) -> None:
        self.bank.client.delete("/faults/orders").raise_for_status()
        self.post.client.put("/outage", json={"seconds": 0}).raise_for_status()


@pytest.fixture
async def partners(tmp_path: Path) -> AsyncIterator[Partners]:
    made = Partners(tmp_path)
    for server in (made.bank, made.post):
        server.data.mkdir()
        server.start()
    yield made
    for server in (made.bank, made.post):
        server.kill()
        server.close()


@pytest.fixture
def there(world: World, partners: Partners) -> World:
    """The world with these partners."""
    addresses = {"MOTCUA_BANK_URL": partners.bank.url, "MOTCUA_POST_URL": partners.post.url}
    return replace(world, env={**world.env, **addresses})


@asynccontextmanager
async def worker(world: World, build: str) -> AsyncIterator[None]:
    """A worker of this build, to which everything is handed."""
    settings = world.settings.model_copy(update={"build": build})
    converter = world.temporal.data_converter
    client = await Client.connect(world.env["TEMPORAL_ADDRESS"], namespace=world.namespace, data_converter=converter)
    async with activities(settings) as functions:
        received = received_by(AnyFiles(), functions)
        async with versioned_worker(client, received, settings):
            async with asyncpg.create_pool(world.app_dsn, min_size=0, max_size=1) as pool:
                await Builds(pool, world.temporal).promote(build)
            yield


async def leave(world: World, stream: str) -> None:  # noqa: ARG001 -- everything leaves
    """It continues as new under another build."""
    async with asyncpg.create_pool(world.app_dsn, min_size=0, max_size=2) as pool:
        assert await Builds(pool, world.temporal).drain("one", lambda *_: None) == 0


EVENTS: Final[dict[str, Callable[[World, str], Awaitable[None]]]] = {
    "reset": reset,
    "restart": partial(restart, force=True),
    "leave": leave,
}


@pytest.fixture(params=EVENTS)
async def happens(request: pytest.FixtureRequest, there: World) -> AsyncIterator[Callable[[str], Awaitable[None]]]:
    """What happens to the run of a stream."""
    async with AsyncExitStack() as stack, there.back_office():
        await stack.enter_async_context(worker(there, "one"))

        async def event(stream: str) -> None:
            if request.param == "leave":
                await stack.enter_async_context(worker(there, "two"))
            await EVENTS[request.param](there, stream)

        yield event


async def tried(world: World, stream: str, name: str) -> None:
    """Wait until an act of the stream's run is being tried, and has failed at least once."""

    async def pending() -> list[tuple[str, int]]:
        described = (await world.temporal.get_workflow_handle(stream).describe()).raw_description
        return [(one.activity_type.name, one.attempt) for one in described.pending_activities]

    await eventually(pending, lambda found: any(one == name and attempt > 1 for one, attempt in found))


async def test_an_order_is_made_once_and_paid(
    there: World, partners: Partners, happens: Callable[[str], Awaitable[None]]
) -> None:
    play = await Play.begin(there, extract(payer_account=None))
    partners.silent()
    await play.accept()
    payment = ids.payment_workflow(play.filing, 1)
    await eventually(lambda: play.kinds("payment", 1), bool)
    await tried(there, payment, "payment.order")
    await happens(payment)
    partners.there()
    await eventually(lambda: play.kinds("payment", 1), lambda kinds: "payment_ordered" in kinds)
    await play.pay_by_hand()
    await play.at(Stage.REVIEW)
    assert await play.kinds("payment", 1) == ["payment_requested", "payment_ordered", "payment_captured"]
    assert [order["key"] for order in partners.bank.client.get("/ledger").json()["orders"]] == [
        ids.fee_key(play.filing, 1)
    ]


async def test_a_parcel_is_handed_over_once(
    there: World, partners: Partners, happens: Callable[[str], Awaitable[None]]
) -> None:
    partners.silent()
    play = await Play.begin(there, birth(result_channel="post", address=ADDRESS))
    parcel = ids.parcel_workflow(play.filing, 1)
    await eventually(lambda: play.kinds("parcel", 1), bool)
    await tried(there, parcel, "parcel.send")
    await happens(parcel)
    partners.there()
    await eventually(lambda: play.kinds("parcel", 1), lambda kinds: "consignment_sent" in kinds)
    assert listed(partners) == [(parcel, "accepted")]


async def test_a_parcel_is_had_back_once(
    there: World, partners: Partners, happens: Callable[[str], Awaitable[None]]
) -> None:
    play = await Play.begin(there, birth(result_channel="post", address=ADDRESS))
    parcel = ids.parcel_workflow(play.filing, 1)
    await eventually(lambda: play.kinds("parcel", 1), lambda kinds: "consignment_sent" in kinds)
    partners.silent()
    await play.act(cm.CancelParcel, play.officer(Role.HANDOVER))
    await tried(there, parcel, "parcel.cancel")
    await happens(parcel)
    partners.there()
    await play.at(Stage.PICKUP)
    ended = ["consignment_requested", "consignment_sent", "consignment_recalled", "consignment_ended"]
    assert await play.kinds("parcel", 1) == ended
    assert listed(partners) == [(parcel, "cancelled")]


async def test_a_run_that_is_behind_the_log_reads_it(there: World, partners: Partners) -> None:
    """What it asks for was recorded by a run that nobody heard the end of: it hears so, and goes on."""
    async with worker(there, "one"), there.back_office():
        play = await Play.begin(there, extract(payer_account=None))
        partners.bank.client.put("/faults/orders", json={"fault": "busy", "times": 1_000_000}).raise_for_status()
        await play.accept()
        payment = ids.payment_workflow(play.filing, 1)
        await eventually(lambda: play.kinds("payment", 1), bool)
        await tried(there, payment, "payment.order")
        made = RecordOrder(command_id="fee:order", order_id="o1", pay_url="https://bank.test/pay")
        async with open_pool(there.settings) as pool, open_vault(there.settings) as vault, pool.acquire() as connection:
            log = Log(connection, vault.find, KINDS)
            origin = Origin(ids.StreamId.parse(payment), play.submission.agency)
            await record(Ledger(pool, vault, KINDS), log, PAYMENT, origin, made)
        await tried(there, payment, "payment.money")
        assert (await there.client.payment(play.filing)).pay_url == made.pay_url
    assert await play.kinds("payment", 1) == ["payment_requested", "payment_ordered"]
    assert partners.bank.client.get("/ledger").json()["orders"] == []


def listed(partners: Partners) -> list[tuple[str, str]]:
    consignments = partners.post.client.get("/ledger").json()["consignments"]
    return [(one["key"], one["status"]) for one in consignments]
