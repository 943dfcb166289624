"""A run on our queue that is pinned to a stranger's deployment: only what the log orders is done for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest

from activities.partners.http import partner_client
from schemas.errors import RefusalCode
from schemas.filing.state import Stage
from tests.acting import ADDRESS, EXTRACT, FILE, NEVER_PAYS, PAYS, Play, birth, eventually, extract, publish_short
from tests.conftest import World
from tests.locked import signing
from tests.rogue import Given, Order, honest, ordered, refused, rogues
from tests.sealed import ring, sealed
from tests.workflow.forged import counted
from workers.by_queue import BY_QUEUE, INSTRUCTED
from workers.wiring import activities

MADE: Final = "2026-11-28T00:00:00Z"
GARBAGE: Final[list[Any]] = [Given(), None, {}, "text", [], {"stream": 1}]
OF_FILES: Final = {"result.prepare"}
NOT_LEFT: Final = "99912"
NAMED: Final = {"stream": "payment:00000000-0000-0000-0000-000000000000:1", "seq": 1, "case": 1}


async def outside(world: World, *plays: Play) -> dict[str, Any]:
    """What bank and post have of these filings, of which others they have anything, and the files of all."""
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
    """A platform at work, and a client of it that the stranger has too."""
    if request.param != "open":
        world = await signing(await sealed(world, ring("one")))
    async with world.platform(), world.back_office():
        yield world


def everything(streams: Mapping[str, int]) -> Iterator[Order]:
    """Requests for each activity that takes orders: of every stream, at its first event, its last, and one beyond."""
    for name in sorted(INSTRUCTED):
        for stream, head in streams.items():
            for seq, case in product({1, head, head + 1}, (None, 1, 2)):
                order = {"stream": stream, "seq": seq, "case": case}
                file = FILE | {"key": f"files/{stream.split(':')[1]}/{FILE['sha256']}"}
                yield name, {"order": order, "answer": {"result": file}} if name in OF_FILES else order


async def under_way(world: World) -> tuple[Play, Play]:
    """A filing whose fee nobody pays, and one whose result the post has, and has not sent."""
    long = await publish_short(world, EXTRACT, intake=3600, payment=3600, processing=3600)
    fee = await Play.begin(world, extract(payer_account=NEVER_PAYS, version=long))
    await fee.accept()
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
    """All that our own runs have asked for, again, by runs of the same ids where those have ended."""
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
            named = workflow_id if over else None
            await ordered(at_work.temporal, [*requests, *requests], named, at_once=True)
    assert await outside(at_work, paid, sent) == before
    assert await counted(at_work) == streams


async def requests_of(world: World, *plays: Play) -> dict[str, list[Order]]:
    """What each workflow of these filings has asked the platform's queue for."""
    async with world.connection() as connection:
        rows = await connection.fetch(_STREAMS, [play.filing for play in plays])
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
"""Requests that carry themselves what is to be done, as builds of before took them."""
