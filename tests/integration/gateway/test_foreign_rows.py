"""With every check of rights in Python switched off, PostgreSQL alone hides foreign rows from questions over HTTP."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest
from obstore.store import from_url

from activities.views import Views
from gateway.door.app import application
from gateway.door.operations import OPERATIONS, Operation, Place
from rules.identity.looks import OPEN
from rules.streams import KINDS
from tests.acting import eventually
from tests.conftest import FILES_KEY, World
from tests.doors import CLIENT, Entrance, entrance, filed, register_door
from tests.locked import locked
from workers.file_addresses import FileAddresses


async def _works() -> bool:
    return True


TWIN: Final = "twin"
QUESTIONS: Final = tuple(one for one in OPERATIONS if one.is_question)
GIVEN: Final[dict[str, Any]] = {
    "sha256": "0" * 64,
    "size": 1,
    "media_type": "application/pdf",
    "link": "A" * 43,
    "client_id": CLIENT,
}
"""A value for each field that a question needs, except fields that depend on the asker or the filing."""


_ID: Final = re.compile(r'"request_id":"[^"]*"')


@pytest.fixture
async def there(world: World) -> AsyncIterator[tuple[World, Entrance]]:
    await register_door(world)
    officers = [("H56.30", TWIN, "reception", "A"), ("H01.12", TWIN, "reception", "B")]
    for one in officers:
        await world.execute("insert into officer (agency, subject, role, name) values ($1, $2, $3, $4)", *one)
    absent = (
        "insert into absence values ('H56.30', $1, 'reception', current_date, current_date + 1, 'h56.30-reception-1')"
    )
    await world.execute(absent, TWIN)
    async with locked(world) as closed, closed.back_office(), entrance(closed) as opened:
        yield closed, opened


@asynccontextmanager
async def unchecked(world: World, door: Entrance) -> AsyncIterator[httpx.AsyncClient]:
    """Opens the door with views that check no rights: each asker sees all rows that PostgreSQL shows."""
    reads = door.door.reads
    addresses = FileAddresses(from_url(world.objects), world.files_url, FILES_KEY.encode())
    views = Views(reads.pool, reads.vault, KINDS, None, addresses)
    app = application(replace(door.door, reads=replace(reads, views=views)), _works)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://door.test") as http:
        yield http


async def ask(
    http: httpx.AsyncClient, operation: Operation, who: dict[str, str], filing: str, given: dict[str, Any]
) -> httpx.Response:
    needed = {
        name: (GIVEN | given)[name]
        for name, field in operation.message.model_fields.items()
        if field.is_required() and operation.places[name] in {Place.QUERY, Place.BODY}
    }
    where: dict[str, Any] = {"params": needed} if operation.method == "GET" else {"json": needed}
    address = operation.path.format(filing_id=filing, n=1, agency="H56.30")
    return await http.request(operation.method, address, headers=who, **where)


def shows(operation: Operation, foreign: httpx.Response, unknown: httpx.Response) -> bool:
    """Returns whether a foreign filing's answer differs from an unknown filing's, or a list has rows."""
    if operation.kind is None:
        found = foreign.json()
        return bool((found.get("rows", found) if isinstance(found, dict) else found) != [])
    one, other = ((each.status_code, _ID.sub("", each.text)) for each in (foreign, unknown))
    return one != other


async def shown(http: httpx.AsyncClient, who: dict[str, str], filing: str, number: str) -> set[str]:
    """Returns the names of the questions that show the asker something of this filing, or of its agency."""
    me = (await http.get("/v1/me", headers=who)).json().get("actor") or {"subject": TWIN, "role": "auditor"}
    given, found = {"actor": me, "id_number": number}, set()
    for operation in QUESTIONS:
        answers = [await ask(http, operation, who, one, given) for one in (filing, str(uuid4()))]
        assert {422, 500}.isdisjoint(one.status_code for one in answers), operation.name
        if shows(operation, *answers):
            found.add(operation.name)
    return found


async def test_no_question_shows_a_foreign_row_without_any_check_of_ours(there: tuple[World, Entrance]) -> None:
    world, door = there
    filing, body = await filed(door)
    number = body["applicant"]["id_number"]
    address, officer = f"/v1/filings/{filing}/commands/accept", door.officer("reception", sub=TWIN)
    assert (await door.http.post(address, json={"command_id": "a"}, headers=officer)).status_code == 200
    begun = "select count(*) from stream where stream = $1"
    await eventually(lambda: world.fetchval(begun, f"payment:{filing}:1"), bool)
    owners = [door.citizen("an"), officer, door.program()]
    strangers = [
        door.citizen("binh"),
        door.of_another_issuer(sub="an"),
        door.of_another_issuer(sub=TWIN, role="reception", agency="H56.30"),
        door.officer("reception", "H01.12", sub=TWIN),
        door.program("other"),
    ]
    async with unchecked(world, door) as http:
        own = set[str]().union(*[await shown(http, one, filing, number) for one in owners])
        foreign = [await shown(http, one, filing, number) for one in strangers]
    everybodys = {one.name for one in QUESTIONS if one.message in OPEN}
    assert foreign == len(strangers) * [everybodys]
    rows = {one.name for one in QUESTIONS if one.kind in {None, "filing", "payment"}} - {"filing.ask_papers"}
    assert own >= rows, "the questions have something to show"
