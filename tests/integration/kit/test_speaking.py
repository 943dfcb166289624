"""What the kit signs goes with a submission, a command and a question through the engine, and holds as it arrives."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from temporalio.client import Client

import motcua
from motcua import (
    Accept,
    Actor,
    AskFiling,
    FilingClient,
    NotAuthorised,
    Receipt,
    Role,
    Submission,
    Via,
    Withdraw,
    testing,
)
from motcua.payloads.converter import data_converter
from motcua.signing.statement import Authenticated, Speaker
from rules.identity.ring import Ring
from schemas.identity.statement import Assurance, Claim, Message, Proved, message_digest, seconds
from tests.conftest import World
from tests.locked import locked, now_in_force, register
from tests.speaking import grant, heard, key_of, principal, private_key

VIA: Final = Via(principal="test")
DESK: Final = Actor(subject="h56.30-reception-1", role=Role.RECEPTION, agency="H56.30")


@pytest.fixture
async def alone(world: World) -> AsyncIterator[World]:
    """A world in which no back office is faster than who withdraws."""
    async with world.platform():
        yield world


def arrived(message: object) -> dict[str, Any]:
    """A message as a workflow gets it."""
    payload = data_converter.payload_converter.to_payload(message)
    return dict(json.loads(payload.data))


def surely() -> Authenticated:
    return Authenticated("2", ("pwd", "otp"), seconds(datetime.now(UTC)) - 60)


def holds(signed: str | None, message: Message, ring: Ring) -> bool:
    return isinstance(heard(signed, ring, datetime.now(UTC), message), Proved)


def ring_of(name: str) -> Ring:
    now = datetime.now(UTC)
    key = key_of(1, valid_from=now - timedelta(days=1), valid_until=now + timedelta(days=1))
    return Ring((principal(name, grant(Claim.OWN), grant(Claim.DESK, "H56.30"), keys=(key,)),))


async def filed(client: Client, submission: Submission, statement: str) -> UUID:
    """Filed by a plain start, as with any SDK."""
    filing = motcua.filing_id(submission.client_id, submission.submission_id)
    start = {"submission": arrived(submission), "statement": statement}
    await client.start_workflow("Filing", start, id=f"filing:{filing}", task_queue="motcua")
    return filing


async def test_what_is_signed_goes_through_and_holds_where_it_arrives(alone: World) -> None:
    client, known = alone.temporal, surely()
    ring, speaker = ring_of("test"), Speaker("test", private_key(1), "default")
    submission = testing.submission(version="2026-12-demo")
    about = {"procedure": submission.procedure, "filed_by": "test"}

    statement = speaker.submission(submission, known)
    filing = await filed(client, submission, statement)
    receipt = await alone.client.submit(submission)
    stream = f"filing:{filing}"
    content = message_digest(arrived(submission))
    came = Message(act="submit", actor=submission.actor, stream=stream, content=content, **about)
    assert holds(statement, came, ring)
    assert receipt.command_id == "submit"

    command = Withdraw(command_id="withdraw-1", actor=submission.actor, via=VIA, reason="filed twice")
    signed = speaker.command(stream, command, known)
    first = await alone.client.act(filing, signed)
    again = await alone.client.act(filing, speaker.command(stream, command, known))
    assert (first, await alone.client.act(filing, command)) == (again, first), "signed anew it is the same command"
    said = {"act": "withdraw", "command_id": "withdraw-1", "actor": submission.actor, "stream": stream}
    came = Message.model_validate(about | said | {"content": message_digest(arrived(signed))})
    assert holds(signed.statement, came, ring)
    other = Accept(command_id="withdraw-1", actor=DESK, via=VIA)
    assert not holds(speaker.command(stream, other, known).statement, came, ring)

    question = speaker.question(AskFiling(stream=stream), known, DESK)
    answer = await client.execute_workflow("View", question, id=f"view:{uuid4()}", task_queue="motcua")
    assert answer["code"] == receipt.code
    came = Message(act="ask.filing", actor=DESK, stream=stream, content=message_digest(arrived(question)), **about)
    assert holds(question.statement, came, ring)


async def test_a_statement_that_proves_nothing_changes_nothing_yet(alone: World) -> None:
    """Honest: nobody asks for it. This test goes once somebody does."""
    submission = testing.submission(version="2026-12-demo")
    receipt = await alone.client.submit(submission)
    assert isinstance(receipt, Receipt)
    command = Withdraw(command_id="w", actor=submission.actor, via=VIA, reason="filed twice", statement="a.b.c")
    filing = motcua.filing_id(submission.client_id, submission.submission_id)
    assert (await alone.client.act(filing, command)).command_id == "w"


async def test_the_kit_signs_all_the_way_where_nothing_else_is_taken(world: World) -> None:
    low = {"least": Assurance.LOW}
    grants = grant(Claim.OWN, **low), grant(Claim.OFFICERS, "*", **low)
    await register(world, principal("kit", *grants, keys=(now_in_force(1),)))
    submission = testing.submission(version="2026-12-demo")
    filing = motcua.filing_id(submission.client_id, submission.submission_id)
    async with locked(world) as closed:
        with pytest.raises(NotAuthorised, match="statement_missing"):
            await closed.client.submit(submission)
        speaking = FilingClient(closed.temporal, speaker=Speaker("kit", private_key(1), "default"), patience=60)
        citizen = speaking.as_(submission.actor, VIA, authenticated=surely())
        receipt = await speaking.submit(submission)
        assert (await citizen.view(filing)).code == (await speaking.view(filing)).code == receipt.code
        command = Withdraw(command_id="withdraw-1", actor=submission.actor, via=VIA, reason="filed twice")
        with pytest.raises(NotAuthorised, match="statement_missing"):
            await closed.client.act(filing, command)
        first = await speaking.act(filing, command)
        elsewhere = FilingClient(closed.temporal, speaker=Speaker("kit", private_key(1), "default"), patience=60)
        assert await elsewhere.act(filing, command) == first
        assert (await citizen.view(filing)).closed
        assert {entry.principal for entry in (await citizen.access(filing)).rows} == {"kit"}
