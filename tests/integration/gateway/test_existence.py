"""The existence of a filing: no answer over HTTP shows it to a stranger, and the door's SQL does not depend on it."""

from collections.abc import AsyncIterator
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest

from gateway.door.operations import OPERATIONS
from tests.conftest import World
from tests.doors import Entrance, filed
from tests.integration.gateway.overheard import Statements, overheard

DIGESTS: Final = "?sha256=" + "0" * 64
QUERIES: Final = {"upload": f"{DIGESTS}&size=1&media_type=application/pdf", "file": DIGESTS}


@pytest.fixture
async def there(world: World) -> AsyncIterator[tuple[World, Entrance, Statements]]:
    async with overheard(world) as opened:
        yield opened


async def test_a_foreign_filing_is_answered_and_looked_for_as_one_that_never_was(
    there: tuple[World, Entrance, Statements],
) -> None:
    _, door, sent = there
    filing, _ = await filed(door)
    reception = door.officer("reception")
    accepted = await door.http.post(
        f"/v1/filings/{filing}/commands/accept", json={"command_id": "a-1"}, headers=reception
    )
    assert accepted.status_code == 200, accepted.text
    differing, statements = [], set[str]()
    await door.http.get(f"/v1/filings/{uuid4()}", headers=door.citizen("binh"))  # reads the key of readers once
    strangers = (door.citizen("binh"), door.officer("reception", "H01.12"), door.program("other"))
    for operation in OPERATIONS:
        for stranger in strangers if operation.kind is not None else ():
            seen = []
            for one in (filing, str(uuid4())):
                sent.clear()
                answer = await _call(door, operation.method, operation.path, one, stranger)
                seen.append((_comparable(answer), sent.taken()))
            if seen[0] != seen[1]:
                differing.append((operation.name, seen))
            statements.update(seen[0][1])
    assert differing == []
    assert any("head_seq" in one for one in statements), "the record was asked"
    theirs = await door.http.get(f"/v1/filings/{filing}", headers=door.citizen("an"))
    assert theirs.status_code == 200
    assert not statements >= set(sent.taken()), "somebody who may see it causes other statements"


async def _call(door: Entrance, method: str, path: str, filing: str, who: dict[str, str]) -> httpx.Response:
    address = path.format(filing_id=filing, n=1)
    if method == "GET":
        return await door.http.get(address + QUERIES.get(path.rsplit("/", 1)[1], ""), headers=who)
    return await door.http.post(address, json={"command_id": "c-1"}, headers=who)


def _comparable(answer: httpx.Response) -> tuple[int, Any]:
    body = answer.json()
    return answer.status_code, {name: value for name, value in body.items() if name != "request_id"}
