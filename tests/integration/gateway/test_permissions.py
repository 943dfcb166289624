"""The permission table over HTTP: by each role a request that is allowed, and one that is refused, where such exist.

An operator or auditor has no program that the door speaks for (`speaks_for`), and a representative no token of their
own; that the table is the law's is shown in memory, by tests/unit/door/test_operations.py.
"""

import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any, Final

import httpx
import pytest

from gateway.door.operations import OPERATIONS, Operation, Place
from operations.commands.law import CELLS
from schemas.people import OFFICERS, Role
from tests.acting import eventually
from tests.conftest import World
from tests.contract.kept import golden
from tests.doors import CLIENT, Entrance, entrance, filed, register_door
from tests.locked import locked

ROLES: Final = (Role.APPLICANT, *sorted(OFFICERS - {Role.OPERATOR, Role.AUDITOR}))
BY_NAME: Final = {one.name: one for one in OPERATIONS}
GIVEN: Final[dict[str, Any]] = {
    "sha256": "0" * 64,
    "size": 1,
    "media_type": "application/pdf",
    "link": "A" * 43,
    "client_id": CLIENT,
    "id_number": "001190000001",
}
OTHERWISE: Final = {
    "ask": {"unknown_paper"},
    "decline_waiver": {"wrong_stage", "role_not_allowed"},
    "judge_signature": {"signature_not_in_doubt"},
    "name_representative": {"authorisation_for_someone_else"},
    "pay_at_counter": {"wrong_stage"},
    "reassign": {"not_their_task"},
    "release": {"not_claimed"},
    "request_supplement": {"unknown_paper"},
    "revoke_cessation": {"applicant_not_ceased"},
    "revoke_mandate": {"nobody_authorised"},
    "succeed": {"applicant_not_ceased"},
    "waive_fee": {"wrong_stage", "role_not_allowed"},
}
"""Commands that the law allows to other new filings, or of which the contract's example does not fit: their rules."""


@pytest.fixture
async def there(world: World) -> AsyncIterator[tuple[World, Entrance]]:
    await register_door(world)
    lead = "insert into officer (agency, subject, role, name) values ('H56.30', 'h56.30-team_lead-1', 'team_lead', 'A')"
    await world.execute(lead)
    async with locked(world) as closed, closed.back_office(), entrance(closed) as opened:
        yield closed, opened


def headers(door: Entrance, role: Role) -> dict[str, str]:
    door.town.now = time.time()
    return door.citizen("an") if role is Role.APPLICANT else door.officer(role)


async def ask(door: Entrance, operation: Operation, role: Role, filing: str) -> httpx.Response:
    who = headers(door, role)
    given = GIVEN | {"actor": (await door.http.get("/v1/me", headers=who)).json()["actor"], "agency": "H56.30"}
    able = {*operation.at(Place.QUERY), *operation.at(Place.BODY)}
    needed = {name for name, field in operation.message.model_fields.items() if field.is_required()} | {"agency"}
    sent = {name: given[name] for name in able & needed}
    where: dict[str, Any] = {"params": sent} if operation.method == "GET" else {"json": sent}
    return await door.http.request(operation.method, address(operation, filing), headers=who, **where)


async def give(door: Entrance, operation: Operation, role: Role, filing: str) -> httpx.Response:
    """Gives the command of the contract's example."""
    able = {*operation.at(Place.BODY)} - {"actor", "via", "on_behalf_of"}
    whole = golden(f"command.{operation.name.partition('.')[2]}")
    sent = {name: value for name, value in whole.items() if name in able} | {"command_id": f"{operation.name}-{role}"}
    return await door.http.post(address(operation, filing), json=sent, headers=headers(door, role))


def address(operation: Operation, filing: str) -> str:
    return operation.path.format(filing_id=filing, n=1, agency="H56.30")


def rule(answer: httpx.Response) -> str | None:
    problems = [] if answer.is_success else answer.json()["problems"]
    return problems[0]["rule"] if problems else None


async def test_every_question_is_for_its_roles_alone(there: tuple[World, Entrance]) -> None:
    _, door = there
    filing, _ = await filed(door)
    refused, expected = set(), set()
    for operation in (one for one in OPERATIONS if one.is_question):
        for role in ROLES:
            answer = await ask(door, operation, role, filing)
            expected |= set() if operation.roles is None or role in operation.roles else {(operation.name, role)}
            if (answer.status_code, rule(answer)) == (403, "role_not_allowed"):
                refused.add((operation.name, role))
            else:
                assert answer.status_code in {200, 404, 409} or rule(answer) == "statement_of_another_actor"
    assert refused == expected


async def test_no_command_is_taken_from_a_role_that_it_is_not_for(there: tuple[World, Entrance]) -> None:
    world, door = there
    filing, _ = await filed(door)
    accepted = await give(door, BY_NAME["filing.accept"], Role.RECEPTION, filing)
    assert accepted.status_code == 200
    begun = "select count(*) from stream where stream = $1"
    await eventually(lambda: world.fetchval(begun, f"payment:{filing}:1"), bool)
    tried, otherwise = 0, set()
    for operation in (one for one in OPERATIONS if "/commands/" in one.path and one.roles is not None):
        for role in {*ROLES} - (operation.roles or set()):
            answer = await give(door, operation, role, filing)
            tried += 1
            if operation.kind not in {"filing", "payment"}:
                assert (answer.status_code, rule(answer)) == (404, "nothing_recorded"), operation.name
            elif (answer.status_code, rule(answer)) != (409, "role_not_allowed"):
                otherwise.add((operation.name, answer.status_code, rule(answer)))
    assert tried > 200
    assert otherwise == {("payment.renew_payment", 409, "provider_not_offered")}


async def test_each_command_to_a_new_filing_is_taken_from_each_role_that_the_law_names(
    there: tuple[World, Entrance],
) -> None:
    _, door = there
    every = [json.loads(line) for line in CELLS.read_text(encoding="utf-8").splitlines()]
    first = [cell for cell in every if (cell["stream"], cell["state"][:2]) == ("filing", "1:")]
    cells = {(one["command"], role) for one in first for role in ROLES if role in one["by"]}
    given = sorted(cell for cell in cells if f"filing.{cell[0]}" in BY_NAME)
    taken, otherwise = set(), defaultdict[str, set[str | None]](set)
    for command, role in given:
        filing, _ = await filed(door)
        answer = await give(door, BY_NAME[f"filing.{command}"], role, filing)
        if answer.status_code == 200:
            taken.add((command, role))
        else:
            otherwise[command].add(rule(answer))
    assert otherwise == OTHERWISE
    assert taken == {one for one in given if one[0] not in OTHERWISE}
    assert len(taken) > 10
