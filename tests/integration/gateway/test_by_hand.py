"""Hand-written routes of the door, on a real platform: signing out everywhere, tracking by code, the catalogue."""

import hashlib
import time
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest

from activities.ledger.authority.budgets import Budget
from gateway.door.app import application
from gateway.door.identity.tokens import LOGOUT_EVENT
from gateway.door.public import by_hand
from gateway.door.public.logout import FORM
from motcua.testing import PAPER
from publishing.authoring.procedures import publish
from schemas.ids import filing_id
from tests.acting import birth
from tests.conftest import World
from tests.doors import JSON, Entrance, entrance, filed, register_door, submission
from tests.file_door import serving_files
from tests.locked import locked
from tests.unit.door.providers import Provider

PROCEDURES: Final = Path(__file__).parents[3] / "procedures"
LOGOUT: Final = "/v1/backchannel-logout"


def logout_token(provider: Provider, **changed: Any) -> dict[str, str]:
    now = int(time.time())
    claims: dict[str, Any] = {
        "sub": "an",
        "iat": now,
        "exp": now + 120,
        "jti": str(uuid4()),
        "events": {LOGOUT_EVENT: {}},
    }
    return {"logout_token": provider.token({"typ": "logout+jwt"}, "", **claims | changed)}


async def signed_in(door: Entrance, filing: str, who: dict[str, str]) -> bool:
    """Whether the door takes a token, for questions without and with a body and for a command."""
    address = f"/v1/filings/{filing}"
    broken: dict[str, Any] = {"content": b"no JSON", "headers": who | {"content-type": "text/plain"}}
    answers = [
        *[await door.http.get(one, headers=who) for one in ("/v1/me", address, f"{address}/changes?after=0")],
        *[await door.http.post(f"{address}/{one}", **broken) for one in ("linked_result", "commands/withdraw")],
    ]
    refused = [one.json()["problems"][0]["rule"] for one in answers if one.status_code == 401]
    assert refused in ([], ["token_signed_out"] * len(answers))
    return not refused


async def test_who_has_signed_out_everywhere_is_refused_at_every_door(there: tuple[World, Entrance]) -> None:
    world, door = there
    citizens = door.town.citizens
    assert (await door.http.post(LOGOUT, data=logout_token(citizens))).status_code == 503, "nobody has filed yet"
    filing, _ = await filed(door)
    before = door.citizen("an")
    for form, rule in (
        (logout_token(citizens, nonce="1"), "token_claim"),
        (logout_token(citizens, aud="stranger"), "token_audience"),
        (logout_token(citizens, iss=door.town.agency.url), "token_algorithm"),
        (logout_token(citizens, exp=int(time.time()) - 60), "token_expired"),
        ({"logout_token": before["authorization"].removeprefix("Bearer ")}, "token_type"),
        ({}, "missing"),
    ):
        refused = await door.http.post(LOGOUT, data=form, headers={"content-type": FORM})
        assert (refused.status_code, refused.json()["problems"][0]["rule"]) == (400, rule)
        assert refused.headers["cache-control"] == "no-store"
    assert (await door.http.post(LOGOUT, data=logout_token(door.town.agency))).status_code == 200
    assert await signed_in(door, filing, before), "neither a bad token nor another issuer signs anybody out"
    async with entrance(world, door.town) as second:
        assert await signed_in(second, filing, before)
        order = logout_token(citizens)
        done = await door.http.post(LOGOUT, data=order)
        assert (done.status_code, done.headers["cache-control"]) == (200, "no-store")
        assert not await signed_in(door, filing, before)
        assert not await signed_in(second, filing, before)
        assert await signed_in(second, filing, door.citizen("binh"))
        again = door.citizen("an", auth_time=int(time.time()) + 5)
        assert (await door.http.post(LOGOUT, data=order)).status_code == 200
        assert await signed_in(second, filing, again), "a repeat reaches no later sign-in"
    rows = await world.fetch("select person from signed_out")
    assert sorted(len(row["person"]) for row in rows) == [32, 32]


async def test_a_dossier_is_tracked_by_its_code_alone(
    there: tuple[World, Entrance], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, door = there
    filing, _ = await filed(door)
    code = await world.fetchval("select code from filing where filing_id = $1::uuid", filing)
    known = await door.http.get(f"/v1/tracking/{code}")
    assert known.status_code == 200
    assert known.json() == {"code": code, "status": 1, "status_name": known.json()["status_name"]}
    await world.execute("update filing set erased_at = now() where filing_id = $1::uuid", filing)
    answers = [await door.http.get(f"/v1/tracking/{one}") for one in (code, f"{code}9", "%00", "a'b", "x" * 900)]
    bodies = [one.json() | {"request_id": ""} for one in answers]
    assert [one.status_code for one in answers] == [404] * 5
    assert bodies == bodies[:1] * 5
    monkeypatch.setattr(by_hand, "BUDGET", Budget(rate=0.001, most=5))

    async def works() -> bool:
        return True

    elsewhere = httpx.ASGITransport(application(door.door, works), client=("192.0.2.1", 1))
    async with httpx.AsyncClient(transport=elsewhere, base_url="http://door.test") as http:
        assert [(await http.get("/v1/tracking/X")).status_code for _ in range(6)] == [404] * 5 + [429]
        refused = await http.get("/v1/procedures")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many")
    assert int(refused.headers["retry-after"]) > 0
    assert (await door.http.get("/v1/tracking/X")).status_code == 404, "another address has a budget of its own"


async def test_the_catalogue_has_the_page_of_each_procedure(
    there: tuple[World, Entrance], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, door = there
    for code in ("1.004222", "1.000656"):
        await publish(world.owner_dsn, PROCEDURES / f"{code}@2026-12.yaml")
    first = (await door.http.get("/v1/procedures")).json()
    codes = [one["code"] for one in first["procedures"]]
    assert codes == ["1.000656", "1.004222"], "and none of a demonstration"
    assert {*first["procedures"][0]} == {"code", "version", "name", "level", "decided_by"}
    page = await door.http.get(f"/v1/procedures/{codes[0]}")
    items = {"name", "information", "papers", "limits", "agency", "result", "channels", "legal_basis"}
    assert items <= {*page.json()}
    assert "{" not in page.json()["information"]["how"]["vi"] + page.json()["information"]["steps"]["vi"]
    same = {"if-none-match": page.headers["etag"]}
    assert (await door.http.get(f"/v1/procedures/{codes[0]}", headers=same)).status_code == 304
    for unknown in ("9.999999", "%00"):
        assert (await door.http.get(f"/v1/procedures/{unknown}")).json()["code"] == "not_found"
    monkeypatch.setattr("gateway.door.public.catalogue.PAGE", 1)
    page_one = (await door.http.get("/v1/procedures")).json()
    page_two = (await door.http.get("/v1/procedures", params={"after": page_one["after"]})).json()
    assert [one["code"] for one in page_one["procedures"] + page_two["procedures"]] == codes
    assert "after" not in page_two


async def test_files_go_up_and_come_down_over_http_alone(world: World) -> None:
    await register_door(world)
    digest = hashlib.sha256(PAPER).hexdigest()
    async with (
        serving_files(world) as served,
        locked(served) as closed,
        closed.back_office(),
        entrance(closed) as door,
        httpx.AsyncClient() as web,
    ):
        body = submission("an", birth)
        ids = {name: body[name] for name in ("client_id", "submission_id")}
        filing = filing_id(**ids)
        about: dict[str, str | int] = {"sha256": digest, "size": len(PAPER), "media_type": "application/pdf"}
        address = f"/v1/filings/{filing}/upload"
        place = await door.http.get(address, params=about | ids, headers=door.citizen("an"))
        assert (place.status_code, place.json()["method"]) == (200, "PUT"), place.text
        sent = {"content-type": "application/pdf", "if-none-match": "*"}
        assert (await web.put(place.json()["url"], content=PAPER[:-1], headers=sent)).status_code == 422
        assert (await web.put(place.json()["url"], content=PAPER, headers=sent)).status_code == 201
        paper = {"code": body["papers"][0]["code"], "file": place.json()["file"] | {"name": "giay.pdf"}}
        body |= {"papers": [paper, *body["papers"][1:]]}
        filed_now = await door.http.post("/v1/filings", json=body, headers=door.citizen("an"))
        assert filed_now.status_code == 201, filed_now.text
        question = f"/v1/filings/{filing}/file"
        readable = await door.http.post(question, json={"sha256": digest}, headers=door.officer("reception"))
        assert readable.status_code == 200, readable.text
        assert (await web.get(readable.json()["url"])).content == PAPER
        assert (await web.get(readable.json()["url"].replace(digest, "0" * 64))).status_code == 403
        foreign = await door.http.post(question, json={"sha256": digest}, headers=door.citizen("binh"))
        assert (foreign.status_code, foreign.json()["code"]) == (404, "not_found")


async def test_a_result_is_verified_by_its_number_or_its_file(there: tuple[World, Entrance]) -> None:
    world, door = there
    filing, _ = await filed(door)
    await world.execute(
        "insert into result (number, filing_id, agency, n, sha256, issued_at, state, replaced_by, ended_at) values "
        "('K-1', $1::uuid, 'H56.30', 1, repeat('a', 64), now() - interval '2 h', 'replaced', 'K-2', now()), "
        "('K-2', $1::uuid, 'H56.30', 1, repeat('b', 64), now() - interval '1 h', 'in_force', null, null)",
        filing,
    )
    address = "/v1/results/verification"
    for which, validity in (("K-1", "replaced"), ("a" * 64, "replaced"), ("b" * 64, "in_force")):
        answer = await door.http.post(address, json={"which": which})
        assert (answer.status_code, answer.json()["validity"]) == (200, validity), answer.text
        assert {*answer.json()} <= {"number", "agency", "validity", "issued_at", "ended_at", "replaced_by", "as_of"}
    for body, status in ((b'{"which": "K-9"}', 404), (b"{}", 422), (b'{"which": "\\u0000"}', 400), (b"[", 400)):
        assert (await door.http.post(address, content=body, headers=JSON)).status_code == status, body
