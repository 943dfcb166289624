"""No answer over HTTP shows a stranger whether a filing exists, and the door's SQL does not depend on that."""

from collections.abc import AsyncIterator
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest

from gateway.door.app import REQUEST_ID
from gateway.door.operations import OPERATIONS, Operation, Place
from gateway.door.pages.examples import of_body
from schemas.people import Role
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
    differing, otherwise, statements = [], set[tuple[str, int]](), set[str]()
    await door.http.get(f"/v1/filings/{uuid4()}", headers=door.citizen("binh"))  # reads the key of readers once
    strangers: tuple[tuple[dict[str, str], dict[str, Any]], ...] = (
        (door.citizen("binh"), {}),
        (door.officer("reception", "H01.12"), {}),
        (door.program("other"), {"actor": {"subject": "citizens|an", "role": "applicant"}}),
    )
    for operation in OPERATIONS:
        for stranger, named in strangers if operation.kind is not None else ():
            seen = []
            for one in (filing, str(uuid4())):
                sent.clear()
                answer = await _call(door, operation, one, stranger, named)
                seen.append((_comparable(answer), sent.taken()))
            otherwise |= {(operation.name, status) for (status, *_), _ in seen if status != 404}
            if seen[0] != seen[1]:
                differing.append((operation.name, seen))
            statements.update(seen[0][1])
    assert differing == []
    about = (one for one in OPERATIONS if one.is_question and one.kind is not None)
    never = {(one.name, 403) for one in about if Role.RECEPTION not in (one.roles or Role)}
    assert otherwise == never, "only questions that the role of this officer never asks, about any filing"
    assert any("head_seq" in one for one in statements), "the record was asked"
    theirs = await door.http.get(f"/v1/filings/{filing}", headers=door.citizen("an"))
    assert theirs.status_code == 200
    assert not statements >= set(sent.taken()), "somebody who may see it causes other statements"


async def _call(
    door: Entrance, operation: Operation, filing: str, who: dict[str, str], named: dict[str, Any]
) -> httpx.Response:
    """Carries out an operation on a filing, with the body in the document's example; `named`: fields for that body."""
    address = operation.path.format(filing_id=filing, n=1)
    if operation.method == "GET":
        return await door.http.get(address + QUERIES.get(operation.path.rsplit("/", 1)[1], ""), headers=who)
    able = {name: value for name, value in named.items() if name in operation.at(Place.BODY)}
    return await door.http.post(address, json=of_body(operation)["example"] | able, headers=who)


def _comparable(answer: httpx.Response) -> tuple[int, list[tuple[str, str]], str]:
    """Returns an answer's status, headers and text, without the id of the request and the date."""
    headers = [one for one in answer.headers.multi_items() if one[0] not in {REQUEST_ID.lower(), "date"}]
    return answer.status_code, headers, answer.text.replace(answer.headers[REQUEST_ID], "")
