"""The HTTP door on a real platform: filings and commands, the programs in the record, answers to strangers."""

import asyncio
import json
from contextlib import AsyncExitStack
from dataclasses import replace
from math import ceil
from uuid import uuid4

import httpx

from activities.ledger.authority.budgets import Budget, Work
from gateway.door.operations import OPERATIONS
from schemas.identity.statement import PrincipalKind
from tests.conftest import World
from tests.doors import CLIENT, JSON, Entrance, entrance, filed, register_door, submission
from tests.locked import locked


async def test_a_filing_is_its_clients_and_its_citizen_reads_it_at_once(there: tuple[World, Entrance]) -> None:
    world, door = there
    filing, body = await filed(door)
    view = await door.http.get(f"/v1/filings/{filing}", headers=door.citizen("an"))
    assert view.status_code == 200
    assert view.headers["etag"] == f'"{view.json()["seq"]}"'
    assert view.headers["cache-control"] == "no-store"
    via = await world.fetchval("select via from event where stream = $1 and seq = 1", f"filing:{filing}")
    assert via.split("/")[0] == "portal-of-citizens"
    again = await door.http.post("/v1/filings", json=body, headers=door.citizen("an"))
    assert (again.status_code, again.headers["location"]) == (201, f"/v1/filings/{filing}")
    other = await door.http.post("/v1/filings", json=body | {"payer_account": "970400-9"}, headers=door.citizen("an"))
    assert (other.status_code, other.json()["code"]) == (422, "same_id_other_content")
    looks = await world.fetch("select question, principal from access where filing_id = $1::uuid", filing)
    assert ("filing", "portal-of-citizens") in {tuple(row) for row in looks}


async def test_an_officer_acts_and_one_of_another_agency_finds_nothing(there: tuple[World, Entrance]) -> None:
    world, door = there
    filing, _ = await filed(door)
    accept = {"command_id": "accept-1"}
    address = f"/v1/filings/{filing}/commands/accept"
    abroad = await door.http.post(address, json=accept, headers=door.officer("reception", "H01.12"))
    assert (abroad.status_code, abroad.json()["code"]) == (404, "not_found")
    wrong = await door.http.post(address, json=accept, headers=door.officer("specialist"))
    assert (wrong.status_code, wrong.json()["code"]) == (409, "not_allowed")
    taken = await door.http.post(address, json=accept, headers=door.officer("reception"))
    assert taken.status_code == 200, taken.text
    actor = await world.fetchval("select actor from event where stream = $1 and kind = 'accepted'", f"filing:{filing}")
    assert json.loads(actor)["subject"] == "h56.30-reception-1"
    key = {"idempotency-key": "accept-2"} | door.officer("reception")
    other = await door.http.post(address, json=accept, headers=key)
    assert (other.status_code, other.json()["problems"][0]["rule"]) == (400, "idempotency_key")
    short = submission("an", submission_id="1")
    guessable = await door.http.post("/v1/filings", json=short, headers=door.citizen("an"))
    assert (guessable.status_code, guessable.json()["problems"][0]["rule"]) == (422, "submission_uuid")


async def test_what_begins_a_stream_is_answered_with_the_address_that_shows_it(there: tuple[World, Entrance]) -> None:
    _, door = there
    own = door.citizen("an")
    began = await door.http.post("/v1/filings", json=submission("an"), headers=own)
    view = await door.http.get(began.headers["location"], headers=own)
    assert (view.status_code, view.headers["etag"]) == (200, began.headers["etag"])
    accept = f"{began.headers['location']}/commands/accept"
    accepted = await door.http.post(accept, json={"command_id": "a-1"}, headers=door.officer("reception"))
    assert (accepted.status_code, accepted.headers.get("location")) == (200, None)
    complaint = {"n": 1, "about": accepted.json()["seq"], "words": "xem xét lại"}
    complained = await door.http.post(f"{began.headers['location']}/complaints", json=complaint, headers=own)
    assert complained.status_code == 201, complained.text
    shown = await door.http.get(complained.headers["location"], headers=own)
    assert [(one["n"], one["words"]) for one in shown.json()] == [(1, "xem xét lại")]


async def test_a_token_is_its_person_and_its_program(there: tuple[World, Entrance]) -> None:
    _, door = there
    filing, _ = await filed(door)
    someone = {"actor": {"subject": "citizens|binh", "role": "applicant"}}
    program = {"via": {"principal": "other-portal"}}
    for named, rule in ((someone, "statement_of_another_actor"), (program, "program_of_another")):
        answer = await door.http.post("/v1/filings", json=submission("an") | named, headers=door.citizen("an"))
        assert (answer.status_code, answer.json()["code"]) == (403, "not_authorised"), named
        assert [one["rule"] for one in answer.json()["problems"]] == [rule]
    own = await door.http.get("/v1/me", headers=door.citizen("an"))
    assert own.json()["actor"] == {"subject": "citizens|an", "role": "applicant"}
    by_itself = await door.http.get(f"/v1/filings?client_id={CLIENT}", headers=door.program())
    assert [row["filing_id"] for row in by_itself.json()["rows"]] == [filing]
    by_another = await door.http.get(f"/v1/filings?client_id={CLIENT}", headers=door.program("other"))
    assert by_another.json()["rows"] == []
    elsewhere = await door.http.get(f"/v1/filings/{filing}", headers=door.citizen("an", client_id="other"))
    assert elsewhere.status_code == 404


async def test_nothing_is_read_before_the_caller_is_known(there: tuple[World, Entrance]) -> None:
    _, door = there
    for operation in OPERATIONS:
        path = operation.path.format(filing_id=uuid4(), n=1, agency="H56.30")
        answer = await door.http.request(operation.method, path, content=b"{", headers=JSON)
        assert (answer.status_code, answer.json()["problems"][0]["rule"]) == (401, "token_missing"), operation.name
    for bad, rule in (("Bearer a.b.c", "token_malformed"), (f"Bearer {'x' * 9000}", "token_too_long")):
        answer = await door.http.get("/v1/tasks", headers={"authorization": bad})
        assert (answer.status_code, answer.json()["problems"][0]["rule"]) == (401, rule)


async def test_a_body_without_a_required_field_may_be_left_out(there: tuple[World, Entrance]) -> None:
    _, door = there
    filing, _ = await filed(door)
    address, own = f"/v1/filings/{filing}/actions", door.citizen("an")
    said = await door.http.post(address, json={}, headers=own)
    assert "withdraw" in {one["name"] for one in said.json()}, said.text
    for headers in (own, own | JSON):
        left_out = await door.http.post(address, headers=headers)
        assert (left_out.status_code, left_out.json()) == (200, said.json())


async def test_a_command_holds_only_for_the_state_that_its_sender_saw(there: tuple[World, Entrance]) -> None:
    _, door = there
    filing, _ = await filed(door)
    view = await door.http.get(f"/v1/filings/{filing}", headers=door.officer("reception"))
    seen = {"if-match": view.headers["etag"]} | door.officer("specialist")
    address = f"/v1/filings/{filing}/commands/"
    accept = await door.http.post(f"{address}accept", json={"command_id": "a-1"}, headers=door.officer("reception"))
    assert accept.status_code == 200, accept.text
    late = await door.http.post(f"{address}claim", json={"command_id": "c-1"}, headers=seen)
    assert (late.status_code, late.json()["code"]) == (412, "changed_meanwhile")
    odd = await door.http.post(f"{address}claim", json={"command_id": "c-2"}, headers=seen | {"if-match": "*"})
    assert (odd.status_code, odd.json()["problems"][0]["rule"]) == (400, "if_match")
    ahead = await door.http.get(
        f"/v1/filings/{filing}/changes?after=2147483647&wait=0", headers=door.officer("specialist")
    )
    latest = {"if-match": ahead.headers["etag"]} | door.officer("specialist")
    held = await door.http.post(f"{address}claim", json={"command_id": "c-3"}, headers=latest)
    assert (held.status_code, held.json()["code"]) == (409, "not_allowed"), "not for what has come since"


async def test_a_question_takes_one_connection_while_it_is_answered_and_a_bad_token_takes_none(
    there: tuple[World, Entrance],
) -> None:
    _, door = there
    filing, _ = await filed(door)
    pool, mine = door.door.reads.pool, door.citizen("an")
    async with AsyncExitStack() as held:
        for _ in range(pool.get_max_size() - 1):
            await held.enter_async_context(pool.acquire(timeout=5))
        latest = (await _view(door, filing)).json()["seq"]
        waits = f"/v1/filings/{filing}/changes?after={latest}&wait=20"
        waiting = asyncio.create_task(door.http.get(waits, headers=mine))
        viewed = [await _view(door, filing) for _ in range(3)]
        assert ([one.status_code for one in viewed], waiting.done()) == ([200] * 3, False)
        waiting.cancel()
        await held.enter_async_context(pool.acquire(timeout=5))
        expired = await door.http.get(f"/v1/filings/{filing}", headers=door.citizen("an", exp=1))
        assert (expired.status_code, expired.json()["problems"][0]["rule"]) == (401, "token_expired")
        assert (await _view(door, filing)).status_code == 503


async def test_beyond_its_budget_a_program_is_refused_at_the_door_with_a_time_to_come_back(world: World) -> None:
    await register_door(world)
    small = replace(world, budgets={PrincipalKind.DESK: Budget(rate=0.002, most=2 * Work.SUBMISSION)})
    async with locked(small) as closed, entrance(closed) as door:
        filing, _ = await filed(door)
        asked = [await _view(door, filing) for _ in range(Work.SUBMISSION)]
        assert {one.status_code for one in asked} == {200}
        withdraw, mine = {"command_id": "withdraw-1", "reason": "nộp nhầm"}, door.citizen("an")
        refused = (
            (Work.QUESTION, await _view(door, filing)),
            (
                Work.COMMAND,
                await door.http.post(f"/v1/filings/{filing}/commands/withdraw", json=withdraw, headers=mine),
            ),
            (Work.SUBMISSION, await door.http.post("/v1/filings", json=submission("an"), headers=mine)),
        )
        for work, answer in refused:
            again = answer.json()["again_in"]
            assert (answer.status_code, answer.json()["code"]) == (429, "too_many")
            assert answer.headers["retry-after"] == str(ceil(again))
            assert (work - 1) * 500 < again <= work * 500
        elsewhere = await door.http.get(f"/v1/filings/{filing}", headers=door.citizen("an", client_id="other"))
        assert elsewhere.status_code == 404
        assert await closed.fetchval("select count(*) from filing") == 1


async def _view(door: Entrance, filing: str) -> httpx.Response:
    return await door.http.get(f"/v1/filings/{filing}", headers=door.citizen("an"))
