"""A world that accepts only messages signed by registered programs, and those programs."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import asyncpg
import pytest
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from activities.ledger.authority.principals import NO_AGENCY
from demo.speaking import ByPerson
from motcua.identity import sign
from motcua.signing import Speaker
from schemas.filing.submission import Submission
from schemas.identity import statement as st
from schemas.identity.statement import COMPLAIN, SUBMIT, UNNAMED, Assurance, Claim, Principal, message_digest
from schemas.ids import TASK_QUEUE, complaint_workflow, filing_workflow
from tests.acting import of, plain, stock
from tests.conftest import World
from tests.speaking import grant, key_of, principal, private_key
from workers.settings import Identity

AUDIENCE: Final = st.audience(UNNAMED)
PORTAL, OTHER_PORTAL, DESK, OFFICE, OPERATIONS, GONE, OLD, EVERYBODY, MACHINE, LEADERS = range(51, 61)
"""The programs; each number is the seed of the program's key."""


def now_in_force(seed: int, **other: Any) -> Any:
    """Returns a key that is valid today."""
    now = datetime.now(UTC)
    return key_of(seed, **({"valid_from": now - timedelta(days=1), "valid_until": now + timedelta(days=1)} | other))


def programs() -> dict[int, Principal]:
    """Returns the programs, by seed.

    They are two portals, a desk, the software of all agencies' officers and of operators, and two invalid programs.
    """
    low, now, officers = {"least": Assurance.LOW}, datetime.now(UTC), grant(Claim.OFFICERS, "*")
    past = now_in_force(OLD, valid_until=now - timedelta(hours=1))
    return {
        PORTAL: principal("portal-1", grant(Claim.OWN), keys=(now_in_force(PORTAL),)),
        OTHER_PORTAL: principal(
            "portal-2", grant(Claim.OWN, client_ids=("portal-2",)), keys=(now_in_force(OTHER_PORTAL),)
        ),
        DESK: principal("desk-1", grant(Claim.DESK, "H56.30"), keys=(now_in_force(DESK),)),
        OFFICE: principal("office-1", officers, keys=(now_in_force(OFFICE),)),
        OPERATIONS: principal(
            "operations-1",
            grant(Claim.OPERATOR, "*", **low),
            grant(Claim.AUDITOR, "*"),
            keys=(now_in_force(OPERATIONS),),
        ),
        GONE: principal("gone-1", officers, keys=(now_in_force(GONE, revoked_at=now),)),
        OLD: principal("old-1", officers, keys=(past,)),
    }


def back_office(seed: int, agency: str | None = None, name: str = "back-office") -> Principal:
    """Returns the program of an agency's back office, or of the default back office if no agency is named."""
    plain_ = principal(name, keys=(now_in_force(seed),))
    return plain_.model_copy(update={"kind": st.PrincipalKind.BACK_OFFICE, "agency": agency})


async def with_office(world: World, program: Principal | None = None, seed: int = MACHINE) -> World:
    """Registers a back office's program, by default that of the default office; returns the world with this office."""
    program = program or back_office(seed)
    await register(world, program)
    return replace(world, office=Speaker(program.id, private_key(seed), UNNAMED))


async def register(world: World, *programs: Principal) -> None:
    async with world.connection() as connection:
        for one in programs:
            await register_with(connection, one)


async def register_with(connection: asyncpg.Connection[asyncpg.Record], one: Principal) -> None:
    grants = json.dumps([each.model_dump(mode="json") for each in one.grants])
    agency = one.agency or NO_AGENCY
    await connection.execute(_PRINCIPAL, one.id, agency, one.name, one.kind, grants, one.subject)
    for key in one.keys:
        times = key.valid_from, key.valid_until, key.revoked_at
        await connection.execute(_KEY, key.key_id, one.id, agency, key.public_key, *times)
    await connection.execute("update principal_version set version = version + 1")


_PRINCIPAL: Final = """
insert into principal (principal, agency, name, kind, grants, subject) values ($1, $2, $3, $4, $5, $6)
on conflict (principal) do update set (grants, subject) = (excluded.grants, excluded.subject)
"""
_KEY: Final = """
insert into principal_key (key_id, principal, agency, public_key, valid_from, valid_until, revoked_at)
values ($1, $2, $3, $4, $5, $6, $7) on conflict (key_id) do update set revoked_at = excluded.revoked_at
"""


async def signing(world: World) -> World:
    """Returns the world with identity required, a kit client that may act for everybody, and a back office.

    Leaders have a program of their own, since acts of two people need two programs.
    """
    everybody = (grant(claim, "*", least=Assurance.LOW) for claim in (Claim.OFFICERS, Claim.OPERATOR, Claim.AUDITOR))
    own = grant(Claim.OWN, least=Assurance.LOW)
    grants = (own, *everybody)
    await register(world, principal("everybody", *grants, keys=(now_in_force(EVERYBODY),)))
    await register(world, principal("leaders", *grants, keys=(now_in_force(LEADERS),)))
    leaders = Speaker("leaders", private_key(LEADERS), UNNAMED)
    speaker = ByPerson("everybody", private_key(EVERYBODY), UNNAMED, leaders)
    return await with_office(replace(world, identity=Identity.REQUIRED, speaker=speaker))


@asynccontextmanager
async def locked(world: World) -> AsyncIterator[World]:
    closed = await with_office(replace(world, identity=Identity.REQUIRED))
    await register(closed, *programs().values())
    async with closed.platform():
        yield closed


@pytest.fixture
async def closed(world: World) -> AsyncIterator[World]:
    """The locked world, which requires identity, as a fixture."""
    async with locked(world) as closed:
        yield closed


@dataclass(frozen=True)
class Program:
    """A registered program with a stock client of Temporal."""

    client: Client
    seed: int

    @classmethod
    async def of(cls, world: World, seed: int) -> Program:
        return cls(await stock(world), seed)

    @property
    def name(self) -> str:
        return programs()[self.seed].id

    def statement(self, message: Mapping[str, Any], about: Mapping[str, Any], /, **other: Any) -> str:
        """Returns the program's signed statement of a message; `other` replaces fields of the statement."""
        at = other.get("iat", st.seconds(datetime.now(UTC)))
        how = {"acr": "2", "amr": ("pwd", "otp"), "auth_time": at - 60}
        when = {"iss": self.name, "aud": AUDIENCE, "iat": at, "exp": at + 60, "content": message_digest(message)}
        said = {name: message[name] for name in ("actor", "on_behalf_of") if name in message} | {"jti": uuid4().hex}
        return sign(
            st.IdentityStatement.model_validate(said | how | when | dict(about) | other), private_key(self.seed)
        )

    def submitting(self, submission: Submission, **other: Any) -> dict[str, Any]:
        """Returns the start input of a filing."""
        said = plain(submission)
        about = {"act": SUBMIT, "stream": filing_workflow(of(submission))}
        return {"submission": said, "statement": self.statement(said, about, **other)}

    async def start(self, submission: Submission, **other: Any) -> WorkflowHandle[Any, Any]:
        """Submits the filing by a plain start of its workflow."""
        start, id_ = self.submitting(submission, **other), filing_workflow(of(submission))
        return await self.client.start_workflow("Filing", start, id=id_, task_queue=TASK_QUEUE)

    async def submit(self, submission: Submission, **other: Any) -> Any:
        """Submits the filing, and waits for the receipt."""
        start = self.submitting(submission, **other)
        operation: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            "Filing",
            start,
            id=filing_workflow(of(submission)),
            task_queue=TASK_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
        )
        check = {"content": message_digest(start["submission"]), "statement": start["statement"]}
        return await self.client.execute_update_with_start_workflow(
            SUBMIT, check, start_workflow_operation=operation, id=uuid4().hex
        )

    def signed(self, stream: str, kind: str, said: Mapping[str, Any], /, **other: Any) -> dict[str, Any]:
        about = {"act": kind, "stream": stream, "command_id": said.get("command_id")}
        return dict(said) | {"statement": self.statement(said, about, **other)}

    async def act(self, stream: str, kind: str, said: Mapping[str, Any], /, **other: Any) -> Any:
        return await self.give(stream, kind, self.signed(stream, kind, said, **other))

    async def give(self, stream: str, kind: str, said: Any) -> Any:
        """Gives a command exactly as it stands in `said`."""
        return await self.client.get_workflow_handle(stream).execute_update(kind, said, id=uuid4().hex)

    async def complain(self, start: Mapping[str, Any], **other: Any) -> WorkflowHandle[Any, Any]:
        """Submits a complaint by a plain start of its workflow."""
        stream = complaint_workflow(start["filing_id"], start["n"])
        signed = dict(start) | {"statement": self.statement(start, {"act": COMPLAIN, "stream": stream}, **other)}
        return await self.client.start_workflow("Complaint", signed, id=stream, task_queue=TASK_QUEUE)
