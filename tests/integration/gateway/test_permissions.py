"""The permission table over HTTP: for each operation, the accepted roles and the refused roles.

tests/unit/door/test_operations.py shows in memory that this table is the law's.
"""

import json
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from demo.player import officer
from demo.scenario import SCENARIOS, load
from deploy.stack.parts import BRIEF
from gateway.door.operations import OPERATIONS, Operation, Place
from operations.commands.law import CELLS
from schemas.level import Channel
from schemas.people import OFFICERS, Role
from tests.callbacks import MERCHANTS, providers
from tests.conftest import World
from tests.doors import CLIENT, Entrance, filed
from tests.faults.processes import worker_process
from tests.integration.gateway.stories import (
    BY_NAME,
    BY_ROLE,
    EVERY_ROLE,
    FILE,
    OVERSEERS,
    Further,
    Pair,
    Teller,
    Telling,
    as_they_stand,
    door_of_stories,
    operation_of,
    rule,
    tell,
    with_other_roles,
)
from tests.locked import locked, with_office
from tests.sandboxes import Server, free_port
from workers.settings import Identity
from workers.wiring import activities, platform_worker

APPLICANT, REPRESENTATIVE = Role.APPLICANT, Role.REPRESENTATIVE
RECEPTION, SPECIALIST, LEADER, CASHIER = Role.RECEPTION, Role.SPECIALIST, Role.LEADER, Role.CASHIER
ROLES: Final = sorted(EVERY_ROLE - {REPRESENTATIVE})
"""The roles with tokens of their own."""
ASKED: Final[dict[str, Any]] = {
    "sha256": "0" * 64,
    "size": 1,
    "media_type": "application/pdf",
    "link": "A" * 43,
    "client_id": CLIENT,
    "id_number": "001190000001",
}

BY_PROCEDURE: Final = {
    ("filing.waive_fee", RECEPTION),
    ("filing.decline_waiver", RECEPTION),
    ("filing.revoke_waiver", RECEPTION),
    ("filing.answer_more_time", SPECIALIST),
}
"""Pairs that some procedures allow, but not the few procedures from which the law's table is made."""
NOT_TAKEN: Final = {
    # Operators pass on only a closed agency's filings: tests/integration/record/test_passing_on.py.
    ("filing.pass_on", Role.OPERATOR): "not_the_successor",
    # Where cashiers waive a fee, it is due with the result, and the filing goes on at once.
    ("filing.revoke_waiver", CASHIER): BY_ROLE,
    # In the trial all officers but one leader sign as soon as they are asked: tests/workflow/test_signing.py.
    ("result.decline_signature", Role.CLERK): "not_asked_to_sign",
    ("result.decline_signature", SPECIALIST): "not_asked_to_sign",
    # A file is renewed years later: tests/integration/operations/test_result_register.py.
    ("result.renew_result", Role.OPERATOR): "no_such_result",
}
"""Pairs whose commands are refused in this test, and the rule of the refusal."""

BY_ANOTHER_RULE: Final = {
    *("complaint.complain", "filing.cancel_supplement", "filing.recall", "result.decline_signature"),
    *("filing.transfer_dossier", "filing.receive_dossier"),
    *("complaint.invite_to_dialogue", "complaint.record_dialogue"),
}
"""Commands whose rules name no roles, or whose stories have two agencies, one of which lacks some officers."""

WHY: Final[dict[str, Any]] = {"reason": "có lý do"}
LAWFUL: Final[dict[str, Any]] = WHY | {"legal_basis": "Luật 97/2015/QH13, Đ11"}
ITEM: Final = {"target": "field", "code": "person_name", "note": "không đọc được"}
CAPTURED: Final = 1001
"""The number of the refund of the first online payment."""


def further(name: str, role: Role, n: int = 1, **fields: Any) -> Further:
    return Further(name, role, fields, n)


def refused(name: str, role: Role, **fields: Any) -> Further:
    return replace(further(name, role, **fields), refused=True)


def withdrawn(by: Role, **fields: Any) -> tuple[Further, ...]:
    """Returns the commands that claim, release, reassign and finally withdraw a complaint."""
    claimed, lead = further("complaint.claim", LEADER), Role.TEAM_LEAD
    released = further("complaint.release", LEADER), claimed, further("complaint.release", lead), claimed
    reassigned = further("complaint.reassign", lead, officer="h56.30-leader-2")
    return claimed, *released, reassigned, further("complaint.withdraw", by, **WHY, **fields)


FURTHER: Final[tuple[tuple[str, int, dict[str, Any], tuple[Further, ...]], ...]] = (
    ("withdrawn", 0, {}, tuple(
        further("filing.recuse", role, **WHY) for role in ROLES if role not in {APPLICANT, SPECIALIST}
    )),
    ("withdrawn", 0, {}, (
        further("filing.name_representative", APPLICANT), further("filing.revoke_mandate", APPLICANT),
        further("filing.name_representative", RECEPTION), further("filing.revoke_mandate", RECEPTION, request=FILE),
        further("filing.name_representative", APPLICANT), further("filing.revoke_mandate", REPRESENTATIVE),
    )),
    ("complaint-suit", 3, {}, withdrawn(APPLICANT)),
    ("complaint-suit", 3, {}, withdrawn(RECEPTION, request=FILE)),
    ("complaint-suit", 3, {"represented": True}, withdrawn(REPRESENTATIVE)),
    ("complaint-suit", 6, {}, (further("complaint.verify_complaint", LEADER, 2, findings="đúng"),)),
    ("supplement-at-intake", 5, {}, (further("filing.release", RECEPTION),)),
    ("supplement-at-review", 3, {}, (further("filing.cancel_supplement", SPECIALIST, **WHY),)),
    ("passed-on", 0, {}, (further("filing.pass_on", RECEPTION, to="H01.13", **LAWFUL),)),
    ("passed-on", 2, {}, (refused("filing.pass_on", Role.OPERATOR, to="H01.13", **LAWFUL),)),
    ("errors-undone", 10, {}, (refused("filing.revoke_waiver", CASHIER, **WHY),)),
    ("read-online", 4, {}, (
        further("filing.release", LEADER), further("filing.claim", LEADER),
        further("filing.ask", LEADER, question="Vì sao?"),
        further("filing.request_supplement", LEADER, items=[ITEM], legal_basis="Đ15"),
    )),
    ("read-online", 2, {}, (
        further("refund.request_refund", LEADER, CAPTURED, amount=1000, **LAWFUL),
        further("refund.decline_refund", Role.TEAM_LEAD, CAPTURED, case=1, **WHY),
        further("refund.request_refund", SPECIALIST, CAPTURED, amount=1000, **LAWFUL),
        further("refund.decline_refund", LEADER, CAPTURED, case=2, **WHY),
        further("filing.withdraw", APPLICANT, **WHY),
        further("refund.decide_refund", LEADER, CAPTURED, amount=1000, **LAWFUL),
    )),
    ("read-online", 2, {}, (
        further("refund.request_refund", LEADER, CAPTURED, amount=1000, **LAWFUL),
        further("refund.approve_refund", Role.TEAM_LEAD, CAPTURED, case=1),
    )),
    ("level-2-paper", 4, {"papers": ("draft", "identity", "title", "loan_proof")}, tuple(
        further(f"filing.{name}", CASHIER, waiver="farm_loan", **WHY) for name in ("decline_waiver", "waive_fee")
    )),
    ("result-signed", 5, {"result_channel": Channel.POST, "postcode": "99903"}, (
        further("parcel.claim_compensation", Role.HANDOVER, reference="12/YC"),
        refused("result.decline_signature", Role.CLERK, **WHY),
        refused("result.decline_signature", SPECIALIST, **WHY),
        refused("result.renew_result", Role.OPERATOR, registered="H24.12-2026-K9", result=FILE),
    )),
)  # fmt: skip
"""Commands that no script has: the story, the number of its lines before them, changes to the story, the commands."""


@pytest.fixture
async def there(world: World) -> AsyncIterator[Entrance]:
    async with door_of_stories(world) as opened, locked(world) as closed, closed.back_office():
        yield opened


async def ask(door: Entrance, operation: Operation, role: Role, filing: str) -> httpx.Response:
    program = "oversight" if role in OVERSEERS else "portal"
    who = door.citizen("an") if role is APPLICANT else door.actor(officer("H56.30", role), client_id=program)
    given = ASKED | {"actor": (await door.http.get("/v1/me", headers=who)).json()["actor"], "agency": "H56.30"}
    able = {*operation.at(Place.QUERY), *operation.at(Place.BODY)}
    needed = {name for name, field in operation.message.model_fields.items() if field.is_required()} | {"agency"}
    sent = {name: given[name] for name in able & needed}
    where: dict[str, Any] = {"params": sent} if operation.method == "GET" else {"json": sent}
    path = operation.path.format(filing_id=filing, n=1, agency="H56.30")
    return await door.http.request(operation.method, path, headers=who, **where)


async def test_every_question_is_for_its_roles_alone(there: Entrance) -> None:
    filing, _ = await filed(there)
    refused, expected = set(), set()
    for operation in (one for one in OPERATIONS if one.is_question):
        for role in ROLES:
            answer = await ask(there, operation, role, filing)
            why = None if answer.is_success else rule(answer)
            expected |= set() if operation.roles is None or role in operation.roles else {(operation.name, role)}
            if (answer.status_code, why) == (403, BY_ROLE):
                refused.add((operation.name, role))
            else:
                assert answer.status_code in {200, 404, 409} or why == "statement_of_another_actor"
    assert refused == expected


@asynccontextmanager
async def paid(world: World, folder: Path) -> AsyncIterator[World]:
    """Runs a platform, a back office, and a bank whose callbacks reach a gateway; identity is required everywhere."""
    port = free_port()
    with Server("bank", folder / "bank", "--callbacks", f"http://127.0.0.1:{port}/callbacks") as bank:
        merchants = json.loads(providers(bank))
        merchants["platform"]["minutes"] = BRIEF
        own = {"MOTCUA_BANK_URL": bank.url, "MOTCUA_PROVIDERS": json.dumps(merchants)}
        made = await with_office(replace(world, env={**world.env, **own}, identity=Identity.REQUIRED))
        known = {"providers": MERCHANTS.validate_json(own["MOTCUA_PROVIDERS"])}
        settings = made.settings.model_copy(update=known)
        gateway = made.process_env | {"MOTCUA_GATEWAY_PORT": str(port)}
        async with (
            worker_process(gateway, folder / "gateway", "gateway.server"),
            activities(settings) as functions,
            platform_worker(made.temporal, functions, settings),
            made.back_office(),
        ):
            yield made


def lawful() -> dict[str, frozenset[Role]]:
    """Returns for each command over HTTP the roles with a right to it."""
    roles = defaultdict[str, set[Role]](set)
    for line in CELLS.read_text(encoding="utf-8").splitlines():
        cell = json.loads(line)
        roles[f"{cell['stream']}.{cell['command']}"] |= {*map(Role, cell["by"])} & EVERY_ROLE
    for name, role in BY_PROCEDURE:
        roles[name].add(role)
    return {name: frozenset(who) for name, who in roles.items() if name in BY_NAME}


def stories(wanted: set[Pair]) -> list[Telling]:
    """Returns stories in which each of these pairs occurs."""
    by_name = {one.name: one for one in load(SCENARIOS) if one.expected is not None}
    beside = [Telling.of(by_name[name], lines, *then, **changed) for name, lines, changed, then in FURTHER]
    left = wanted - {(each.operation, each.role) for one in beside for each in one.then}
    plain = as_they_stand([*by_name.values()], left)
    left -= {(str(operation_of(act)), act.role) for one in plain for act in one.scenario.acts}
    return [*plain, *with_other_roles([*by_name.values()], left), *beside]


@pytest.mark.timeout(1200)  # 79 stories, in 110 s on two idle cores
async def test_each_command_is_taken_from_the_roles_of_the_law_and_refused_to_all_others(
    world: World, tmp_path: Path
) -> None:
    roles = lawful()
    pairs = {(name, role) for name, who in roles.items() for role in who}
    others = {(name, role) for name, who in roles.items() for role in EVERY_ROLE - who}
    async with door_of_stories(world) as door, paid(world, tmp_path) as made:
        teller = Teller(made.temporal, door, roles)
        problems = await tell(made, teller, stories(pairs - NOT_TAKEN.keys()))
    found = teller.answers
    assert problems == {}
    assert pairs - found.taken == NOT_TAKEN.keys()
    assert found.refused.keys() == others
    otherwise = {name for (name, role), why in found.refused.items() if role in OFFICERS and why != BY_ROLE}
    assert otherwise <= BY_ANOTHER_RULE
    assert pairs - found.again.keys() == set()
    assert {pair: found.again[pair] for pair in NOT_TAKEN} == NOT_TAKEN
