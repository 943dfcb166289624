"""A rogue run orders what makes results: nothing is signed, stamped or printed that the log does not order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any, Final

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from activities.results.printing import PRINT
from activities.signature.official import SignatureField, with_fields
from motcua.files.store import Store, open_store
from publishing.authoring.procedures import publish
from schemas.files import FileRef
from schemas.filing.state import Stage
from schemas.ids import filing_workflow, result_workflow
from tests.acting import AGENCY, Play, eventually, extract, stock
from tests.conftest import World
from tests.integration.signature.party import printed
from tests.locked import signing
from tests.rogue import Order, honest, ordered, rogues
from tests.sound import sound
from tests.workflow.results import (
    CLERK,
    LEADER,
    PLACES,
    PROCEDURE,
    RELEASED,
    SLOW,
    VERSION,
    asked_of_signer,
    decided,
    hurried,
    set_up,
    signed_once,
    signers,
    waiting_for_signer,
    waits_for,
)

MADE: Final = "2026-11-28T00:00:00Z"


@pytest.fixture(params=["off", "required"])
async def asked(request: pytest.FixtureRequest, world: World) -> AsyncIterator[World]:
    """A platform and a back office, where everybody is believed, and where whoever speaks must sign."""
    chosen = await signing(world) if request.param == "required" else world
    async with chosen.platform(), chosen.back_office():
        yield chosen


async def forged(play: Play) -> dict[str, Any]:
    """A PDF with all the fields, which somebody has put among the files of the filing."""
    file = with_fields(printed(), [SignatureField(place) for place in PLACES])
    put = await Store(open_store(play.world.objects)).put(play.filing, file, "application/pdf")
    return put.model_dump(mode="json", exclude_none=True)


def of_choice(play: Play, file: dict[str, Any]) -> list[Order]:
    """Orders that say all by themselves, as builds of before took them."""
    whose = {"filing_id": str(play.filing), "agency": AGENCY, "at": MADE, "file": file}
    leader = {"place": "signature", "officer": LEADER.subject, "role": "leader"}
    seal = {"place": "seal", "officer": CLERK.subject, "role": "clerk"}
    return [
        ("result.prepare", whose | {"number": f"{AGENCY}-2026-K0000009", "places": PLACES}),
        ("result.sign", whose | {"signer": leader, "last": False}),
        ("result.sign", whose | {"signer": seal, "last": True}),
    ]


def by_place(play: Play, file: dict[str, Any], seqs: range) -> list[Order]:
    """Orders that name a place in the log, any there is or is not."""
    streams = [result_workflow(play.filing, 1), result_workflow(play.filing, 2), filing_workflow(play.filing), "result"]
    places = [{"stream": stream, "seq": seq} for stream in streams for seq in (*seqs, 2**31)]
    with_file = [{"order": place, "answer": {"result": file}} for place in places]
    return [
        *(("result.sign", place) for place in places),
        *((PRINT, place) for place in places),
        *(("result.prepare", said) for said in with_file),
        ("papers.confirm", {"result": file}),
    ]


async def seen(world: World) -> tuple[int, list[str], list[str]]:
    """All events, all files of the store, and all that the signer was asked for because of a filing of this world."""
    files = sorted(one["path"] for page in open_store(world.objects).list() for one in page)
    async with world.connection() as connection:
        events = await connection.fetchval("select count(*) from event")
        filings = await connection.fetch("select distinct filing_id from event")
    keys = [key for filing in filings for key in await asked_of_signer(world, filing["filing_id"])]
    return events, files, sorted(keys)


def done(outcomes: list[Any]) -> list[str]:
    return [one.name for one in outcomes if one.refused is None]


async def test_nothing_is_signed_that_a_rogue_run_orders(asked: World) -> None:
    await set_up(asked, signers())
    play = await decided(asked)
    await play.at(Stage.CLOSED)
    client, stream = await stock(asked), result_workflow(play.filing, 1)
    file, old = await forged(play), await honest(client, stream)
    assert {name for name, _ in old} >= {"result.prepare", "result.sign"}
    async with rogues(client):
        assert done(await ordered(client, of_choice(play, file))) == []
        before = await seen(asked)
        again = await ordered(client, old, workflow_id=stream)
        assert {one.refused for one in again if one.name != "papers.confirm"} == {"not_ordered"}
        any_place = await ordered(client, by_place(play, file, range(-1, 11)), workflow_id=stream, at_once=True)
        assert done(any_place) == ["papers.confirm"]
    assert await seen(asked) == before
    assert await play.kinds("result", 1) == RELEASED
    await sound(asked)


async def signed_in(play: Play, file: dict[str, Any]) -> list[str]:
    """The places in which a file is signed."""
    pdf = await Store(open_store(play.world.objects)).get(FileRef.model_validate(file))
    return [one.field_name for one in PdfFileReader(BytesIO(pdf)).embedded_regular_signatures]


async def test_what_is_waited_for_is_signed_once_whoever_asks_for_it_again(asked: World) -> None:
    play = await waits_for(asked, "signature")
    client, stream = await stock(asked), result_workflow(play.filing, 1)
    file, old = await forged(play), await honest(client, stream)
    async with rogues(client):
        assert done(await ordered(client, of_choice(play, file))) == []
        asking = asyncio.create_task(
            ordered(client, [one for one in old if one[0] != "papers.confirm"], workflow_id="rogue-again")
        )
        await eventually(lambda: waiting_for_signer(asked, "rogue-again"), lambda numbers: numbers == ["3"])
        await hurried(play)
        again = await asking
        by_any = await ordered(client, by_place(play, file, range(7)), at_once=True)
    assert [(one.name, one.refused) for one in again] == [
        ("result.prepare", "not_ordered"),
        ("result.sign", "not_ordered"),
        ("result.sign", None),
    ]
    assert await signed_in(play, again[-1].answer["file"]) == ["initials", "signature"]
    assert {*done(by_any)} <= {"papers.confirm", "result.sign"}, "what the run has not recorded yet is still ordered"
    await signed_once(play)
    await sound(asked)


@pytest.fixture
async def printing(world: World) -> AsyncIterator[World]:
    """A platform that prints one procedure's results, and a back office that makes the others'."""
    await publish(world.owner_dsn, PROCEDURE.encode())
    async with world.platform(), world.back_office():
        yield world


async def test_nothing_is_printed_that_a_rogue_run_orders(printing: World) -> None:
    await set_up(printing, signers(leader=SLOW))
    signs = await decided(printing, version=VERSION)
    await set_up(printing, [])
    elsewhere = await decided(printing)
    undecided = await Play.begin(printing, extract(version=VERSION))
    issued = await decided(printing, version=VERSION)
    await issued.at(Stage.CLOSED)
    client = await stock(printing)
    [(_, honestly)] = [one for one in await honest(client, filing_workflow(issued.filing)) if one[0] == PRINT]
    plays = (signs, elsewhere, undecided, issued)
    streams = [*(filing_workflow(one.filing) for one in plays), *(result_workflow(one.filing, 1) for one in plays)]
    before = await seen(printing)
    async with rogues(client):
        orders = [{"stream": stream, "seq": seq} for stream in streams for seq in (1, 3, 5, 7, 9, 11)]
        outcomes = await ordered(client, [(PRINT, said) for said in (honestly, *orders)])
    assert {one.refused for one in outcomes} == {"not_ordered"}
    assert (await seen(printing))[1] == before[1]
