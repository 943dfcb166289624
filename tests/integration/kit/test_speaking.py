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
from motcua import Accept, Actor, AskFiling, Receipt, Role, Submission, Via, Withdraw, testing
from motcua.converter import data_converter
from motcua.speaking import Human, Speaker
from rules.identity.ring import Ring
from rules.identity.statements import verified
from schemas.identity import Claim, Message, Verified, audience, message_digest, seconds
from tests.conftest import World
from tests.speaking import grant, key_of, principal, private_key

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


def human(actor: Actor) -> Human:
    return Human(actor, "2", ("pwd", "otp"), seconds(datetime.now(UTC)) - 60)


def holds(signed: str | None, message: Message, ring: Ring) -> bool:
    return isinstance(verified(signed, ring, datetime.now(UTC), message), Verified)


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
    client = alone.client._client
    ring, speaker = ring_of("test"), Speaker("test", private_key(1), client.namespace)
    submission = testing.submission(version="2026-12-demo")
    citizen, desk = human(submission.actor), human(DESK)
    about = {"audience": audience(client.namespace), "procedure": submission.procedure, "filed_by": "test"}

    statement = speaker.submission(submission, citizen)
    filing = await filed(client, submission, statement)
    receipt = await alone.client.submit(submission)
    stream = f"filing:{filing}"
    content = message_digest(arrived(submission))
    came = Message(act="submit", actor=submission.actor, stream=stream, content=content, **about)
    assert holds(statement, came, ring)
    assert receipt.command_id == "submit"

    command = Withdraw(command_id="withdraw-1", actor=submission.actor, via=VIA, reason="filed twice")
    signed = speaker.command(stream, command, citizen)
    first = await alone.client.act(filing, signed)
    again = await alone.client.act(filing, speaker.command(stream, command, citizen))
    assert (first, await alone.client.act(filing, command)) == (again, first), "signed anew it is the same command"
    said = {"act": "withdraw", "command_id": "withdraw-1", "actor": submission.actor, "stream": stream}
    came = Message.model_validate(about | said | {"content": message_digest(arrived(signed))})
    assert holds(signed.statement, came, ring)
    other = Accept(command_id="withdraw-1", actor=DESK, via=VIA)
    assert not holds(speaker.command(stream, other, desk).statement, came, ring)

    question = speaker.question(AskFiling(stream=stream), desk)
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
