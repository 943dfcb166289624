"""An act in progress is done once, whatever happens to its run; a signature that no event orders is found."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle

from activities.partners.http import partner_client
from activities.partners.signer import RemoteSigner, key_of, order_of
from activities.results.signing import AgencySeal
from console.home import Home
from operations.doctor.check import Health, Surroundings
from operations.doctor.partners import signatures
from operations.reconciling import SignatureState, signature_states
from recovery.builds import Builds
from schemas import ids
from schemas.filing import commands as cm
from schemas.filing.state import Stage
from schemas.ids import NUDGE, filing_workflow, result_workflow
from schemas.people import Role
from schemas.result.commands import DeclineSignature
from schemas.stream.ledger import About
from tests.acting import ADDRESS, Play, birth, eventually, extract
from tests.any_files import AnyFiles, received_by
from tests.conftest import SUGGEST, World, own_stack
from tests.integration.papers.relays import Desk, work
from tests.integration.signature.party import Party
from tests.restarting import lost_and_restarted, reset, restart
from tests.sandboxes import Server
from tests.sound import sound
from tests.workflow import results
from workers.wiring import activities, versioned_worker


class Partners:
    """A bank and a post for one test."""

    def __init__(self, folder: Path) -> None:
        self.bank = Server("bank", folder / "bank", "--pay-after", "3600")
        self.post = Server("post", folder / "post", "--step-after", "3600")

    def silent(self) -> None:
        """Makes the bank and the post silent; the bank still carries out the next request."""
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
    addresses = {"MOTCUA_BANK_URL": partners.bank.url, "MOTCUA_POST_URL": partners.post.url}
    return replace(world, env={**world.env, **addresses})


@asynccontextmanager
async def worker(world: World, build: str) -> AsyncIterator[None]:
    settings = world.settings.model_copy(update={"build": build})
    converter = world.temporal.data_converter
    client = await Client.connect(world.env["TEMPORAL_ADDRESS"], namespace=world.namespace, data_converter=converter)
    async with (
        activities(settings) as functions,
        versioned_worker(client, received_by(AnyFiles(), functions), settings),
    ):
        async with asyncpg.create_pool(world.app_dsn, min_size=0, max_size=1) as pool:
            await Builds(pool, world.temporal).promote(build)
        yield


async def leave(world: World, stream: str) -> None:  # noqa: ARG001 -- everything leaves
    """Makes the run continue as new under another build."""
    async with asyncpg.create_pool(world.app_dsn, min_size=0, max_size=2) as pool:
        assert await Builds(pool, world.temporal).drain("one", lambda *_: None) == 0


EVENTS: Final[dict[str, Callable[[World, str], Awaitable[None]]]] = {
    "reset": reset,
    "restart": partial(restart, force=True),
    "leave": leave,
}


@pytest.fixture(params=EVENTS)
async def happens(request: pytest.FixtureRequest, there: World) -> AsyncIterator[Callable[[str], Awaitable[None]]]:
    """Yields a function that makes the test's kind of interruption happen to a stream's run."""
    async with AsyncExitStack() as stack, there.back_office():
        await stack.enter_async_context(worker(there, "one"))

        async def event(stream: str) -> None:
            if request.param == "leave":
                await stack.enter_async_context(worker(there, "two"))
            await EVENTS[request.param](there, stream)

        yield event


async def tried(world: World, stream: str, name: str) -> None:
    """Waits until an act of the stream's run has failed at least once, and Temporal retries it."""

    async def pending() -> list[tuple[str, int]]:
        described = (await world.temporal.get_workflow_handle(stream).describe()).raw_description
        return [(one.activity_type.name, one.attempt) for one in described.pending_activities]

    await eventually(pending, lambda found: any(one == name and attempt > 1 for one, attempt in found))


async def test_an_order_is_made_once(
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


def listed(partners: Partners) -> list[tuple[str, str]]:
    return [(one["key"], one["status"]) for one in partners.post.client.get("/ledger").json()["consignments"]]


def run_of(play: Play) -> WorkflowHandle[Any, Any]:
    return play.world.temporal.get_workflow_handle(result_workflow(play.filing, 1))


@pytest.mark.parametrize("happens", [reset, lost_and_restarted])
async def test_a_run_that_begins_again_has_it_signed_once(running: World, happens: Any) -> None:
    play = await results.waits_for(running, "signature")
    before = (await run_of(play).describe()).run_id
    await happens(running, run_of(play).id)
    assert (await run_of(play).describe()).run_id != before
    await eventually(lambda: results.waiting_for_signer(running, run_of(play).id), bool)
    await results.signed_once(play)
    assert (await run_of(play).describe()).run_id != before
    await sound(running)


@pytest.fixture
async def short() -> AsyncIterator[World]:
    """A world in which Temporal suggests continue-as-new to a run after eight events."""
    async with own_stack(**{SUGGEST: "8"}) as (_, world), world.platform(), world.back_office():
        yield world


async def test_a_run_that_makes_way_has_it_signed_once(short: World) -> None:
    play = await results.waits_for(short, "signature")
    asks = run_of(play)
    before = await asks.describe()
    await asks.signal(NUDGE)
    await eventually(lambda: run_of(play).describe(), lambda now: now.run_id != before.run_id)
    await eventually(lambda: results.waiting_for_signer(short, asks.id), bool)
    await results.signed_once(play)
    old = short.temporal.get_workflow_handle(asks.id, run_id=before.run_id)
    assert (await old.describe()).status is WorkflowExecutionStatus.CONTINUED_AS_NEW
    await sound(short)


# What was signed that no event orders is found, by what the signing service says of itself.

LEADERS: Final = "001085000012"
REQUESTS: Final = [3, 5, 7]


async def states_of(play: Play, *places: About) -> list[SignatureState]:
    async with play.world.connection(play.world.app_dsn) as connection:
        found = await signature_states(connection, places)
    return [found[place] for place in places]


async def named(play: Play) -> list[tuple[Health, bool]]:
    """Returns, for each finding of the doctor about signatures that names this filing, its health and True."""
    settings = {"MOTCUA_DATABASE_URL": play.world.app_dsn, "MOTCUA_SIGNER_URL": play.world.env["MOTCUA_SIGNER_URL"]}
    found = await signatures(Surroundings(settings, {}, Home.__new__(Home)))
    return [(one.health, str(play.filing) in one.what.en) for one in found if str(play.filing) in one.what.en]


async def test_what_the_log_bears_out_is_told_from_what_it_does_not(running: World) -> None:
    await results.set_up(running, results.signers())
    play = await results.decided(running)
    await play.at(Stage.CLOSED)
    stream = result_workflow(play.filing, 1)
    assert await states_of(play, *(About(stream=stream, seq=seq) for seq in REQUESTS)) == [SignatureState.SIGNED] * len(
        results.PLACES
    )
    other = About(stream=stream, seq=2)
    assert (
        await states_of(play, other, About(stream=filing_workflow(play.filing), seq=1)) == [SignatureState.NOTHING] * 2
    )
    assert await states_of(play, About(stream=filing_workflow(LEADERS), seq=1)) == [SignatureState.STRANGE]
    assert await named(play) == []
    digest = sha256(b"a forged result").digest()
    async with partner_client(running.env["MOTCUA_SIGNER_URL"]) as client:
        signer = RemoteSigner(client)
        await signer.sign(key_of(About(stream=stream, seq=REQUESTS[1]), digest), LEADERS, digest)
        assert await named(play) == [(Health.WARN, True)]
        await signer.sign(key_of(other, digest), LEADERS, digest)
    assert await named(play) == [(Health.FAIL, True), (Health.WARN, True)]


async def test_what_somebody_signs_at_last_that_they_have_declined_here_is_told(running: World) -> None:
    play = await results.waits_for(running, "signature")
    place = About(stream=result_workflow(play.filing, 1), seq=REQUESTS[1])
    assert await states_of(play, place) == [SignatureState.AWAITED]
    await results.act(play, DeclineSignature, results.LEADER, reason="sai họ tên")
    assert await states_of(play, place) == [SignatureState.OTHERWISE]
    await results.hurried(play)
    assert await eventually(lambda: named(play), bool) == [(Health.WARN, True)]


async def test_a_paper_that_the_relay_has_sealed_is_borne_out(running: World) -> None:
    await results.set_up(running, results.signers())
    play = await results.decided(running)
    await play.at(Stage.CLOSED)
    async with (
        asyncpg.create_pool(running.app_dsn, min_size=0, max_size=4) as pool,
        partner_client(running.env["MOTCUA_TRUST_URL"]) as trust,
    ):
        party = await Party.meet(trust)
        [waits] = await running.fetch("select stream, seq from outbox where paper = 'receipt'")
        assert await states_of(play, receipt := About(stream=waits["stream"], seq=waits["seq"])) == [
            SignatureState.AWAITED
        ]
        await work(Desk(running, pool).relay(seal=AgencySeal(pool, party.signer, party.lasting()).put_on))
    keys = await results.asked_of_signer(running, play.filing)
    sealed = [order for key in keys if (order := order_of(key)) is not None and not key.startswith("sign:result:")]
    assert receipt in sealed
    assert {*await states_of(play, *sealed)} == {SignatureState.SIGNED}
    assert await named(play) == []
