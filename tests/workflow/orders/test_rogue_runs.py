"""A run pinned to an intruder's deployment: the platform does only acts that the log orders, and signs nothing."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from activities.partners.http import partner_client
from activities.results.printing import PRINT
from activities.signature.official import SignatureField, with_fields
from motcua.files.store import Store, open_store
from publishing.authoring.procedures import publish
from schemas.errors import RefusalCode
from schemas.files import FileRef
from schemas.filing.state import Stage
from schemas.ids import filing_workflow, result_workflow
from tests.acting import (
    ADDRESS,
    AGENCY,
    EXTRACT,
    FILE,
    NEVER_PAYS,
    PAYS,
    Play,
    birth,
    eventually,
    extract,
    publish_short,
    stock,
)
from tests.conftest import World
from tests.integration.signature.party import printed
from tests.locked import signing
from tests.rogue import Given, Order, honest, ordered, refused, rogues
from tests.sealed import ring, sealed
from tests.sound import sound
from tests.workflow import results
from tests.workflow.forged import counted
from tests.workflow.results import CLERK, LEADER, PLACES, PROCEDURE, RELEASED, SLOW, VERSION, decided, set_up, signers
from workers.interceptors.by_queue import BY_QUEUE, INSTRUCTED
from workers.wiring import activities

MADE: Final = "2026-11-28T00:00:00Z"
GARBAGE: Final[list[Any]] = [Given(), None, {}, "text", [], {"stream": 1}]
NOT_LEFT: Final = "99912"
NAMED: Final = {"stream": "payment:00000000-0000-0000-0000-000000000000:1", "seq": 1, "case": 1}


async def outside(world: World, *plays: Play) -> dict[str, Any]:
    """Returns these filings' orders at bank and post, the keys of all orders there, and all stored files."""
    env = world.env
    async with partner_client(env["MOTCUA_BANK_URL"]) as bank, partner_client(env["MOTCUA_POST_URL"]) as post:
        orders = {one["key"]: one for one in (await bank.get("/ledger")).json()["orders"]}
        consignments = {one["key"]: one for one in (await post.get("/ledger")).json()["consignments"]}
    own = {str(play.filing) for play in plays}
    ours = {key: one for key, one in (orders | consignments).items() if key.split(":")[1] in own}
    folder = Path(url2pathname(urlsplit(world.objects).path))
    return {
        "keys": sorted([*orders, *consignments]),
        "ours": {
            key: (one["status"], one.get("amount"), one.get("refunds"), one.get("waybill")) for key, one in ours.items()
        },
        "files": sorted(str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file()),
    }


@pytest.fixture(params=["open", "identity and codec"])
async def at_work(world: World, request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """A working platform, with a client that the intruder uses, too."""
    if request.param != "open":
        world = await signing(await sealed(world, ring("one")))
    async with world.platform(), world.back_office():
        yield world


def everything(streams: Mapping[str, int]) -> Iterator[Order]:
    """Yields requests for each activity that takes orders: on each stream's first, last and next (missing) event."""
    for name in sorted(INSTRUCTED):
        for stream, head in streams.items():
            for seq, case in product({1, head, head + 1}, (None, 1, 2)):
                order = {"stream": stream, "seq": seq, "case": case}
                file = FILE | {"key": f"files/{stream.split(':')[1]}/{FILE['sha256']}"}
                yield name, {"order": order, "answer": {"result": file}} if name == "result.prepare" else order


async def under_way(world: World) -> tuple[Play, Play]:
    """Returns a filing whose fee nobody pays, and a filing whose result the post holds back."""
    long = await publish_short(world, EXTRACT, intake=3600, payment=3600, processing=3600)
    fee = await Play.accepted(world, extract(payer_account=NEVER_PAYS, version=long))
    await eventually(lambda: fee.kinds("payment", 1), lambda kinds: "payment_ordered" in kinds)
    parcel = await Play.begin(world, birth(result_channel="post", address=ADDRESS | {"postcode": NOT_LEFT}))
    await eventually(lambda: parcel.kinds("parcel", 1), lambda kinds: "consignment_sent" in kinds)
    return fee, parcel


async def test_nothing_is_done_that_the_log_does_not_order(at_work: World) -> None:
    plays = await under_way(at_work)
    before, streams = await outside(at_work, *plays), await counted(at_work)
    assert len(before["ours"]) == len(plays)
    async with rogues(at_work.temporal):
        await ordered(at_work.temporal, everything(streams), at_once=True)
        made_up = [(name, given) for name in sorted(BY_QUEUE) for given in (*GARBAGE, *OLD.get(name, ()))]
        await ordered(at_work.temporal, made_up, at_once=True)
    assert await outside(at_work, *plays) == before
    assert await counted(at_work) == streams


async def test_what_reads_or_writes_the_record_is_done_for_no_run_by_a_queue(at_work: World) -> None:
    async with activities(at_work.settings) as functions:
        names = {getattr(one, MARK).name for one in (*functions.working, *functions.waiting)}
    assert names >= BY_QUEUE
    assert "ledger.append" in names - BY_QUEUE
    async with rogues(at_work.temporal):
        outcomes = await ordered(at_work.temporal, ((name, Given()) for name in sorted(names - BY_QUEUE)))
    assert refused(outcomes) == {RefusalCode.NOT_AUTHORISED}


async def test_old_requests_of_ours_do_nothing_twice(at_work: World) -> None:
    """After our runs have ended, an intruder's runs of the same ids repeat all of our runs' requests."""
    paid = await Play.begin(at_work, extract())
    await paid.deliver()
    sent = await Play.begin(at_work, birth(result_channel="post", address=ADDRESS))
    await sent.at(Stage.CLOSED)
    asked = await requests_of(at_work, paid, sent)
    names = {name for requests in asked.values() for name, _ in requests}
    assert names >= {"payment.order", "payment.money", "parcel.send", "parcel.news"}
    before, streams = await outside(at_work, paid, sent), await counted(at_work)
    async with rogues(at_work.temporal):
        for workflow_id, requests in asked.items():
            over = (await at_work.temporal.get_workflow_handle(workflow_id).describe()).close_time is not None
            await ordered(at_work.temporal, [*requests, *requests], workflow_id if over else None, at_once=True)
    assert await outside(at_work, paid, sent) == before
    assert await counted(at_work) == streams


async def requests_of(world: World, *plays: Play) -> dict[str, list[Order]]:
    """Returns the requests of each workflow of these filings to the platform's queue."""
    rows = await world.fetch(_STREAMS, [play.filing for play in plays])
    return {row["stream"]: await honest(world.temporal, row["stream"]) for row in rows}


_STREAMS: Final = "select distinct stream from event where filing_id = any($1) and stream !~ '^(papers|restarts):'"
MARK: Final = "__temporal_activity_definition"
DEMAND: Final = {"key": "fee:1", "amount": 1, "description": "fee", "made": MADE, "expires": MADE}
ASKING: Final = {"provider": "bank", "demand": DEMAND}
OLD: Final[dict[str, list[Any]]] = {
    "parcel.send": [{"key": "parcel:1", "agency": "H56.30", "address": ADDRESS, "contents": "x", "cod": 900_000}],
    "parcel.cancel": ["parcel:1"],
    "payment.order": [{"asking": ASKING, "stream": NAMED["stream"], "payer_account": PAYS}],
    "payment.close": [ASKING | {"over": True}],
    "payment.refund": [
        {"asking": ASKING, "agency": "H56.30", "capture_id": "1", "of": 1, "amount": 1, "case": 1},
    ],
    "papers.confirm": [FILE],
    "reception.scan": [[]],
    "calendar.page": [{"calendar": "vn@2026-12", "kind": "filing", "after": ""}],
}
"""Requests whose input states the whole task, as older builds took them."""


# A rogue run orders what makes results: nothing is signed, stamped or printed that the log does not order.


@pytest.fixture(params=["off", "required"])
async def running_world(request: pytest.FixtureRequest, world: World) -> AsyncIterator[World]:
    """Runs a platform and a back office: once without signatures, and once with required signatures."""
    chosen = await signing(world) if request.param == "required" else world
    async with chosen.platform(), chosen.back_office():
        yield chosen


async def forged(play: Play) -> dict[str, Any]:
    """Puts a PDF with all signature fields among the filing's files, as an intruder could; returns its reference."""
    file = with_fields(printed(), [SignatureField(place) for place in PLACES])
    put = await Store(open_store(play.world.objects)).put(play.filing, file, "application/pdf")
    return put.model_dump(mode="json", exclude_none=True)


def of_choice(play: Play, file: dict[str, Any]) -> list[Order]:
    """Returns requests whose input states all facts, which is the form that older builds accepted."""
    whose = {"filing_id": str(play.filing), "agency": AGENCY, "at": MADE, "file": file}
    leader = {"place": "signature", "officer": LEADER.subject, "role": "leader"}
    return [
        ("result.prepare", whose | {"number": f"{AGENCY}-2026-K0000009", "places": PLACES}),
        ("result.sign", whose | {"signer": leader, "last": False}),
        ("result.sign", whose | {"signer": {"place": "seal", "officer": CLERK.subject, "role": "clerk"}, "last": True}),
    ]


def by_place(play: Play, file: dict[str, Any], seqs: range) -> list[Order]:
    """Returns orders that name places in the log, some of which do not exist."""
    streams = [result_workflow(play.filing, 1), result_workflow(play.filing, 2), filing_workflow(play.filing), "result"]
    places = [{"stream": stream, "seq": seq} for stream in streams for seq in (*seqs, 2**31)]
    return [
        *(("result.sign", place) for place in places),
        *((PRINT, place) for place in places),
        *(("result.prepare", {"order": place, "answer": {"result": file}}) for place in places),
        ("papers.confirm", {"result": file}),
    ]


async def seen(world: World) -> tuple[int, list[str], list[str]]:
    """Returns the number of events, the stored files, and the requests to the signer about this world's filings."""
    files = sorted(one["path"] for page in open_store(world.objects).list() for one in page)
    events = await world.fetchval("select count(*) from event")
    filings = await world.fetch("select distinct filing_id from event")
    keys = [key for filing in filings for key in await results.asked_of_signer(world, filing["filing_id"])]
    return events, files, sorted(keys)


def done(outcomes: list[Any]) -> list[str]:
    return [one.name for one in outcomes if one.refused is None]


async def test_nothing_is_signed_that_a_rogue_run_orders(running_world: World) -> None:
    await set_up(running_world, signers())
    play = await decided(running_world)
    await play.at(Stage.CLOSED)
    client, stream = await stock(running_world), result_workflow(play.filing, 1)
    file, old = await forged(play), await honest(client, stream)
    assert {name for name, _ in old} >= {"result.prepare", "result.sign"}
    async with rogues(client):
        assert done(await ordered(client, of_choice(play, file))) == []
        before = await seen(running_world)
        again = await ordered(client, old, workflow_id=stream)
        assert {one.refused for one in again if one.name != "papers.confirm"} == {"not_ordered"}
        any_place = await ordered(client, by_place(play, file, range(-1, 11)), workflow_id=stream, at_once=True)
        assert done(any_place) == ["papers.confirm"]
    assert await seen(running_world) == before
    assert await play.kinds("result", 1) == RELEASED
    await sound(running_world)


async def signed_in(play: Play, file: dict[str, Any]) -> list[str]:
    pdf = await Store(open_store(play.world.objects)).get(FileRef.model_validate(file))
    return [one.field_name for one in PdfFileReader(BytesIO(pdf)).embedded_regular_signatures]


async def test_what_is_waited_for_is_signed_once_whoever_asks_for_it_again(running_world: World) -> None:
    play = await results.waits_for(running_world, "signature")
    client, stream = await stock(running_world), result_workflow(play.filing, 1)
    file, old = await forged(play), await honest(client, stream)
    async with rogues(client):
        assert done(await ordered(client, of_choice(play, file))) == []
        asking = asyncio.create_task(
            ordered(client, [one for one in old if one[0] != "papers.confirm"], workflow_id="rogue-again")
        )
        await eventually(
            lambda: results.waiting_for_signer(running_world, "rogue-again"), lambda numbers: numbers == ["3"]
        )
        await results.hurried(play)
        again = await asking
        by_any = await ordered(client, by_place(play, file, range(7)), at_once=True)
    assert [(one.name, one.refused) for one in again] == [
        ("result.prepare", "not_ordered"),
        ("result.sign", "not_ordered"),
        ("result.sign", None),
    ]
    assert await signed_in(play, again[-1].answer["file"]) == ["initials", "signature"]
    assert {*done(by_any)} <= {"papers.confirm", "result.sign"}, "what the run has not recorded yet is still ordered"
    await results.signed_once(play)
    await sound(running_world)


@pytest.fixture
async def printing(world: World) -> AsyncIterator[World]:
    """Runs a platform that prints the results of one procedure, and a back office that makes all other results."""
    await publish(world.owner_dsn, PROCEDURE.encode())
    async with world.platform(), world.back_office():
        yield world


async def test_nothing_is_printed_that_a_rogue_run_orders(printing: World) -> None:
    await set_up(printing, signers(leader=SLOW))
    signs = await decided(printing, version=VERSION)
    await set_up(printing, [])
    elsewhere = await decided(printing)
    undecided = await Play.begin(printing, extract(version=VERSION))
    await set_up(printing, signers())
    issued = await decided(printing, version=VERSION)
    await issued.at(Stage.CLOSED)
    client = await stock(printing)
    [(_, honestly)] = [one for one in await honest(client, result_workflow(issued.filing, 1)) if one[0] == PRINT]
    plays = (signs, elsewhere, undecided, issued)
    streams = [*(filing_workflow(one.filing) for one in plays), *(result_workflow(one.filing, 1) for one in plays)]
    before = await seen(printing)
    async with rogues(client):
        orders = [{"stream": stream, "seq": seq} for stream in streams for seq in (1, 3, 5, 7, 9, 11)]
        outcomes = await ordered(client, [(PRINT, said) for said in (honestly, *orders)])
    assert {one.refused for one in outcomes} == {"not_ordered"}
    assert (await seen(printing))[1] == before[1]
