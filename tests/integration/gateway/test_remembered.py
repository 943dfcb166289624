"""The door's memory of a filing holds no answer and no right, and is not used once the filing has a later event."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import pytest

from activities.ledger.vault import Vault
from operations.erasure import erasing
from schemas.privacy import ErasureCause, ErasureDeed, ErasureRequest
from tests.conftest import World
from tests.doors import Entrance, filed
from tests.integration.gateway.overheard import Statements, overheard
from views.log import SELECT

REQUEST: Final = ErasureRequest(
    n=1,
    cause=ErasureCause.FILING,
    reason="r",
    officer="h56.30-operator-1",
    agency="H56.30",
    at=datetime.now(UTC),
    answer=ErasureDeed.APPROVE,
    answered_by="h56.30-operator-2",
    filings=1,
    erased=0,
    finished=0,
)
There = tuple[World, Entrance, Statements]


@pytest.fixture
async def there(world: World) -> AsyncIterator[There]:
    async with overheard(world) as opened:
        yield opened


async def view(door: Entrance, filing: str, who: dict[str, str]) -> tuple[int, Any]:
    answer = await door.http.get(f"/v1/filings/{filing}", headers=who)
    return answer.status_code, answer.json()


async def test_what_is_remembered_gives_nobody_another_ones_answer(there: There) -> None:
    world, door, sent = there
    filing, _ = await filed(door)
    sent.clear()
    first = await view(door, filing, door.citizen("an"))
    assert SELECT in sent.taken()
    again = await view(door, filing, door.citizen("an"))
    assert SELECT not in sent.taken(), "the stream was remembered"
    assert (first[0], again[0], first[1] | {"as_of": 0}) == (200, 200, again[1] | {"as_of": 0})
    strangers = (door.citizen("binh"), door.officer("reception", "H01.12"), door.program("other"))
    assert [(await view(door, filing, one))[0] for one in strangers] == [404, 404, 404]
    assert SELECT not in sent.taken()
    desk = await view(door, filing, door.officer("reception"))
    assert (desk[0], SELECT in sent.taken()) == (200, False)
    looks = await world.fetch("select role, subject from access where filing_id = $1 order by at", UUID(filing))
    assert [row["role"] for row in looks] == ["applicant", "applicant", "reception"], "each look is recorded"


async def test_an_append_of_another_process_is_seen_at_once(there: There) -> None:
    _, door, _ = there
    filing, _ = await filed(door)
    before = (await view(door, filing, door.citizen("an")))[1]
    address = f"/v1/filings/{filing}/commands/accept"
    accepted = await door.http.post(address, json={"command_id": "a-1"}, headers=door.officer("reception"))
    assert accepted.status_code == 200, accepted.text
    after = (await view(door, filing, door.citizen("an")))[1]
    assert (before.get("accepted_at"), after["seq"]) == (None, accepted.json()["seq"])
    assert after["accepted_at"] is not None


async def test_an_erased_filing_is_not_served_from_memory(
    there: There,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, door, _ = there
    filing, body = await filed(door)
    desk = door.officer("reception")
    dossier = f"/v1/filings/{filing}/timeline?audience=officer"
    shown = await door.http.get(dossier, headers=desk)
    assert body["applicant"]["name"] in shown.text
    assert (await view(door, filing, desk))[0] == 200
    monkeypatch.setattr(erasing, "hindrances", lambda *_: ())
    async with asyncpg.create_pool(world.owner_dsn, min_size=1, max_size=2) as pool:
        await erasing.erase(pool, Vault(world.settings.master), REQUEST, UUID(filing))
    status, erased = await view(door, filing, desk)
    assert (status, "erased_at" in erased) == (200, True)
    assert (await view(door, filing, door.citizen("an")))[0] == 404
    after = await door.http.get(dossier, headers=desk)
    assert after.status_code == 200
    assert body["applicant"]["name"] not in after.text
