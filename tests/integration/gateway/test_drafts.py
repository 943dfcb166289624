"""Drafts over HTTP: only one person has access, through one program; each is sealed, and deleted when it expires."""

import asyncio
import time
from dataclasses import replace
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest

from activities.ledger.authority.budgets import Budget
from activities.ledger.authority.used import forget
from activities.ledger.vault import Vault
from gateway.door.drafts import stored
from schemas.filing.submission import MAX_SUBMISSION_BYTES
from schemas.identity.statement import PrincipalKind
from schemas.ids import filing_id
from tests.conftest import World
from tests.doors import CLIENT, JSON, Entrance, entrance, filed, submission
from tests.integration.gateway.overheard import overheard

CONTENT: Final = {"applicant": {"name": "Nguyễn Thị CANARY"}, "form": {"kept": None, "amount": 10**20, "rows": [1.5]}}
SAVED: Final = {"procedure": "1.001193", "content": CONTENT}


def path(draft_id: Any) -> str:
    return f"/v1/drafts/{draft_id}"


async def save(door: Entrance, who: dict[str, str], draft_id: Any, body: Any = SAVED, **headers: str) -> httpx.Response:
    return await door.http.put(path(draft_id), json=body, headers=who | headers)


def why(answer: httpx.Response) -> tuple[int, str, str]:
    said = answer.json()
    return answer.status_code, said["code"], said["problems"][0]["rule"]


@pytest.fixture
async def at_hand(there: tuple[World, Entrance]) -> tuple[World, Entrance]:
    """A door whose record knows one person."""
    await filed(there[1], "first")
    return there


async def test_a_draft_is_gone_on_with_on_another_device_and_handed_in(at_hand: tuple[World, Entrance]) -> None:
    world, door = at_hand
    an, draft_id = door.citizen("an"), str(uuid4())
    begun = await save(door, an, draft_id, {"content": {}})
    assert (begun.status_code, begun.json().keys()) == (201, {"id", "saved_at", "expires_at"})
    again = await save(door, door.citizen("an", auth_time=int(time.time()) - 3600), draft_id)
    assert (again.status_code, again.json()["procedure"]) == (200, "1.001193")
    read = await door.http.get(path(draft_id), headers=an)
    assert read.json() == again.json() | {"content": CONTENT}
    assert (read.headers["etag"], read.headers["cache-control"]) == (again.headers["etag"], "no-store")
    other = await save(door, an, uuid4())
    listed = (await door.http.get("/v1/drafts", headers=an)).json()
    assert listed == {"drafts": [other.json(), again.json()]}
    body = submission("an", submission_id=draft_id)
    assert (await door.http.post("/v1/filings", json=body, headers=an)).status_code == 201
    assert [(await door.http.delete(path(draft_id), headers=an)).status_code for _ in range(2)] == [204, 204]
    assert (await door.http.get(path(draft_id), headers=an)).status_code == 404
    filing = filing_id(CLIENT, draft_id)
    assert (await door.http.get(f"/v1/filings/{filing}", headers=an)).status_code == 200
    assert await world.fetchval("select count(*) from draft") == 1


async def test_two_devices_do_not_overwrite_each_other(at_hand: tuple[World, Entrance]) -> None:
    _, door = at_hand
    an, draft_id = door.citizen("an"), uuid4()
    changed = (412, "changed_meanwhile", "draft_changed")
    assert why(await save(door, an, draft_id, **{"if-match": '"1"'})) == changed, "there is none"
    first = await save(door, an, draft_id)
    by = {"if-match": first.headers["etag"]}
    both = await asyncio.gather(*(save(door, an, draft_id, {"content": {"n": n}}, **by) for n in range(2)))
    assert sorted(one.status_code for one in both) == [200, 412]
    won = next(n for n, one in enumerate(both) if one.status_code == 200)
    assert (await door.http.get(path(draft_id), headers=an)).json()["content"] == {"n": won}
    await door.http.delete(path(draft_id), headers=an)
    assert why(await save(door, an, draft_id, **by)) == changed
    assert (await save(door, an, draft_id)).headers["etag"] != by["if-match"], "it is another draft"
    assert why(await save(door, an, draft_id, **{"if-match": "W/x"})) == (400, "bad_request", "if_match")


async def test_the_drafts_of_others_are_answered_and_looked_for_as_those_that_never_were(world: World) -> None:
    async with overheard(world) as (_, door, sent):
        await filed(door)
        draft_id = uuid4()
        assert (await save(door, door.citizen("an"), draft_id)).status_code == 201
        strangers = (
            door.citizen("binh"),
            door.citizen("an", client_id="other"),
            door.of_another_issuer(sub="an", role="applicant"),
            door.of_another_issuer(sub="citizens|an", role="applicant"),
        )
        for stranger in strangers:
            seen = []
            for one in (draft_id, uuid4()):
                sent.clear()
                read = await door.http.get(path(one), headers=stranger)
                gone = await door.http.delete(path(one), headers=stranger)
                seen.append((read.json() | {"request_id": ""}, gone.status_code, sent.taken()))
            assert seen[0] == seen[1]
            assert (seen[0][0]["code"], seen[0][1]) == ("not_found", 204)
            assert any("from draft" in one for one in seen[0][2]), "the record was asked"
            assert (await door.http.get("/v1/drafts", headers=stranger)).json() == {"drafts": []}
            assert (await save(door, stranger, draft_id, {"content": {}})).status_code == 201, "their own"
        own = await door.http.get(path(draft_id), headers=door.citizen("an"))
        assert own.json()["content"] == CONTENT
        for issuer, found in (("citizens", 1), ("others", 0)):  # the same subject, after a change of the issuers' names
            same = await door.door.drafts.stored.listed(stored.Person(issuer, "portal-of-citizens", "citizens|an"))
            assert len(same.drafts) == found


async def test_drafts_are_for_persons_who_file(at_hand: tuple[World, Entrance]) -> None:
    world, door = at_hand
    for other in (door.officer("reception"), door.officer("operator"), door.program()):
        for call in ("GET", "PUT", "DELETE"):
            refused = await door.http.request(call, path(uuid4()), headers=other)
            assert why(refused) == (403, "not_authorised", "role_not_allowed")
        assert (await door.http.get("/v1/drafts", headers=other)).status_code == 403
    assert (await door.http.get("/v1/drafts")).status_code == 401
    door.town.settings["citizens"]["clients"]["office"] = "portal-of-agency"
    async with entrance(world, door.town) as there:
        by_office = await save(there, there.citizen("an", client_id="office"), uuid4())
        assert why(by_office) == (403, "not_authorised", "role_not_granted"), "its grants are for officers"
    assert await world.fetchval("select count(*) from draft") == 0


async def test_a_body_is_read_strictly_and_its_content_not_at_all(at_hand: tuple[World, Entrance]) -> None:
    _, door = at_hand
    an = door.citizen("an")
    deep: Any = {}
    for _ in range(20):
        deep = {"in": deep}
    room = MAX_SUBMISSION_BYTES - len(b'{"content":{"x":""}}')
    bodies: list[tuple[bytes, tuple[int, str, str]]] = [
        (b'{"content": {"a": 1, "a": 2}}', (400, "bad_request", "duplicate_key")),
        (b'{"content": {"a": NaN}}', (400, "bad_request", "unreadable")),
        (b"[]", (400, "bad_request", "unreadable")),
        (f'{{"content": {deep}}}'.replace("'", '"').encode(), (400, "bad_request", "too_deep")),
        (b'{"content":{"x":"%s"}}' % (b"a" * (room + 1)), (413, "too_large", "too_large")),
        (b'{"content": {"a": "\\u0000"}}', (422, "bad_submission", "nul")),
        (b"{}", (422, "bad_submission", "missing")),
        (b'{"content": []}', (422, "bad_submission", "dict_type")),
        (b'{"content": {}, "procedure": "Nguyen An"}', (422, "bad_submission", "string_pattern_mismatch")),
        (b'{"content": {}, "more": 1}', (422, "bad_submission", "extra_forbidden")),
    ]
    for body, expected in bodies:
        assert why(await door.http.put(path(uuid4()), content=body, headers=an | JSON)) == expected, body[:40]
    most = await door.http.put(path(uuid4()), content=b'{"content":{"x":"%s"}}' % (b"a" * room), headers=an | JSON)
    assert most.status_code == 201
    form = await door.http.put(path(uuid4()), content=b"{}", headers=an | {"content-type": "text/plain"})
    assert form.status_code == 415
    for one in ("x", str(uuid4()).upper(), f"{{{uuid4()}}}"):
        assert (await save(door, an, one)).status_code == 404
    assert len((await door.http.get("/v1/drafts", headers=an)).json()["drafts"]) == 1


async def test_a_person_has_so_many_drafts_through_a_program(
    at_hand: tuple[World, Entrance], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, door = at_hand
    monkeypatch.setattr(stored, "MOST", 2)
    an, ids = door.citizen("an"), [uuid4() for _ in range(4)]
    at_once = await asyncio.gather(*(save(door, an, one) for one in ids))
    refused = [one for one in at_once if one.status_code != 201]
    assert [why(one) for one in refused] == [(409, "not_allowed", "too_many_drafts")] * 2
    kept = [one for one, answer in zip(ids, at_once, strict=True) if answer.status_code == 201]
    assert (await save(door, an, kept[0])).status_code == 200
    assert (await save(door, door.citizen("an", client_id="other"), ids[0])).status_code == 201
    await world.execute("update draft set expires_at = clock_timestamp() where id = $1", kept[1])
    assert (await save(door, an, uuid4())).status_code == 201, "an expired one does not count"


async def test_a_save_is_charged_as_a_submission_and_all_else_as_a_question(at_hand: tuple[World, Entrance]) -> None:
    world, door = at_hand
    narrow = replace(world, budgets={PrincipalKind.DESK: Budget(rate=0.001, most=13)})
    async with entrance(narrow, door.town) as there:
        an, draft_id = there.citizen("an"), uuid4()
        calls = [("PUT", path(draft_id))] * 2 + [
            ("GET", path(draft_id)),
            ("GET", "/v1/drafts"),
            ("DELETE", path(draft_id)),
        ]
        answers = [await there.http.request(how, where, headers=an, json=SAVED) for how, where in calls]
        assert [one.status_code for one in answers] == [201, 200, 200, 200, 204]
        answers = [await there.http.request(how, where, headers=an, json=SAVED) for how, where in calls]
        assert {why(one) for one in answers} == {(429, "too_many", "too_many")}
        assert all(int(one.headers["retry-after"]) > 0 for one in answers)


async def test_the_record_has_a_draft_sealed_by_a_key_of_its_own(at_hand: tuple[World, Entrance]) -> None:
    world, door = at_hand
    draft_id = uuid4()
    for _ in range(2):
        await save(door, door.citizen("an"), draft_id)
    await save(door, door.citizen("binh"), draft_id)
    rows = await world.fetch("select *, draft::text as whole from draft order by version")
    for row in rows:
        assert not any(text in row["whole"] for text in ("CANARY", "citizens", "portal", "|an", b"CANARY".hex()))
    assert len({row["owner"] for row in rows}) == len({row["wrapped"] for row in rows}) == 2
    vault = Vault(world.settings.master)
    key = await vault.unwrap(rows[0])
    opened = key.unseal(rows[0]["sealed"], f"draft\n{rows[0]['owner']}\n{draft_id}")
    assert "CANARY" in opened.decode()
    assert await world.fetchval("select count(*) from filing_key where filing_id = $1", draft_id) == 0
    swapped = "update draft set (sealed, key_id, wrapped) = ($1, $2, $3) where owner = $4"
    await world.execute(swapped, rows[0]["sealed"], rows[0]["key_id"], rows[0]["wrapped"], rows[1]["owner"])
    answers = [(await door.http.get(path(draft_id), headers=door.citizen(who))).status_code for who in ("an", "binh")]
    assert sorted(answers) == [200, 500], "another owner's content is never shown"


async def test_the_role_of_the_door_sees_the_drafts_of_the_owner_that_it_names(at_hand: tuple[World, Entrance]) -> None:
    world, door = at_hand
    for who in ("an", "binh"):
        await save(door, door.citizen(who), uuid4())
    owner = await world.fetchval("select owner from draft order by owner limit 1")
    async with world.connection(world.door_dsn) as connection:
        assert await connection.fetchval("select count(*) from draft") == 0
        await connection.execute("select set_config('motcua.readers', '*', false)")
        assert await connection.fetchval("select count(*) from draft") == 0
        await connection.execute("select set_config('motcua.drafts_of', $1, false)", owner)
        assert [row["owner"] for row in await connection.fetch("select owner from draft")] == [owner]
        assert await connection.execute("delete from draft where owner <> $1", owner) == "DELETE 0"


async def test_an_expired_draft_is_shown_no_more_and_deleted_with_its_key(at_hand: tuple[World, Entrance]) -> None:
    world, door = at_hand
    an, old, other = door.citizen("an"), uuid4(), uuid4()
    saved = (await save(door, an, old)).json()
    await save(door, an, other)
    kept = "select extract(day from expires_at - saved_at) from draft where id = $1"
    assert (await world.fetchval(kept, old), "expires_at" in saved) == (30, True)
    async with world.connection(world.app_dsn) as connection:
        await forget(connection)
        await world.execute("update draft set expires_at = clock_timestamp() where id = $1", old)
        assert (await door.http.get(path(old), headers=an)).status_code == 404
        assert [one["id"] for one in (await door.http.get("/v1/drafts", headers=an)).json()["drafts"]] == [str(other)]
        assert await connection.fetchval("select count(*) from draft") == 2
        assert (await forget(connection), await forget(connection)) == (1, 0)
    assert [row["id"] for row in await world.fetch("select id from draft")] == [other]


async def test_before_the_record_knows_a_person_there_is_no_draft(there: tuple[World, Entrance]) -> None:
    world, door = there
    await world.execute("delete from index_key")
    an = door.citizen("an")
    answers = [await door.http.get("/v1/drafts", headers=an), await door.http.get(path(uuid4()), headers=an)]
    answers += [await save(door, an, uuid4()), await door.http.delete(path(uuid4()), headers=an)]
    assert [one.status_code for one in answers] == [200, 404, 503, 204]
