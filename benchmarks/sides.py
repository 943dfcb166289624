"""The clients of the two compared sides: each plays a level-4 filing from the submission to the hand-over."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Protocol, TypeAlias, TypeVar
from uuid import UUID, uuid4

from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from benchmarks.board import Board
from benchmarks.skeleton import workflows as bare
from benchmarks.skeleton.steps import QUEUE, Plain
from motcua import FilingClient
from motcua.configured_speaker import speaker_here
from schemas import ids
from schemas.filing import commands as cm
from schemas.filing.events import Outcome
from schemas.filing.submission import Submission
from schemas.people import Actor, Role, Via

T = TypeVar("T")
PROCEDURE: Final = "2.000635"
AGENCY: Final = "H56.30"
VIA: Final = Via(principal="benchmark")
_PLACES: Final = "select filing_id, stage from filing where filing_id = any($1)"
STEPS: Final = "select distinct on (stream) stream, step from skeleton where stream = any($1) order by stream, seq desc"
_CALL: Final = timedelta(seconds=10)


@dataclass(frozen=True)
class Filed:
    """One ended filing: the ids of its workflows, and the seconds of each call by the call's name."""

    workflows: tuple[str, str]
    seconds: Mapping[str, float]


class Side(Protocol):
    """A client of the product or of its skeleton."""

    name: str

    async def file(self) -> Filed:
        """Plays one filing, from the submission to the hand-over of the result."""


@dataclass
class Timed:
    seconds: dict[str, float] = field(default_factory=dict)

    async def call(self, name: str, made: Awaitable[T]) -> T:
        begun = time.perf_counter()
        answer = await made
        self.seconds[name] = time.perf_counter() - begun
        return answer


Command: TypeAlias = Callable[[str, str], Awaitable[None]]
"""Gives a command: the arguments are its kind and the role of the actor."""


async def commands(give: Command, board: Board, stream: str) -> None:
    """Gives all commands to a submitted filing, and waits for its last step: for the clients of skeleton and DBOS."""
    await give("accept", "reception")
    await board.at(stream, "fee_settled")
    await give("claim", "specialist")
    await give("propose", "specialist")
    await give("claim", "leader")
    await give("decide", "leader")
    await board.at(stream, "issue")


class Product:
    """The product's client: files under 2.000635 with the client kit, pays the fee and gets the result online."""

    name = "product"

    def __init__(self, client: FilingClient, board: Board) -> None:
        self.client = client
        self._board = board

    async def file(self) -> Filed:
        timed = Timed()
        filing = await self.submit(timed)
        await self.prepare(filing, timed)
        await self.decide(filing, timed)
        return Filed((ids.filing_workflow(filing), ids.payment_workflow(filing, 1)), timed.seconds)

    async def submit(self, timed: Timed, applicant: str | None = None) -> UUID:
        """Submits a new filing of this applicant, which then waits for its intake; returns its id."""
        new = submission(applicant)
        await timed.call("submit", self.client.submit(new))
        return ids.filing_id(new.client_id, new.submission_id)

    async def prepare(self, filing: UUID, timed: Timed) -> None:
        """Brings a filing to its decision: it is accepted and paid, a decision proposed, and claimed by the leader."""
        await self._act(timed, filing, cm.Accept, Role.RECEPTION)
        await self._board.at(filing, "review")
        await self._act(timed, filing, cm.Claim, Role.SPECIALIST)
        await self._act(timed, filing, cm.Propose, Role.SPECIALIST, outcome=Outcome.APPROVED)
        await self._act(timed, filing, cm.Claim, Role.LEADER)

    async def decide(self, filing: UUID, timed: Timed) -> None:
        """Approves a filing, and waits for the automatic steps up to the hand-over."""
        await self._act(timed, filing, cm.Decide, Role.LEADER, outcome=Outcome.APPROVED)
        await self._board.at(filing, "closed")

    async def _act(self, timed: Timed, filing: UUID, command: type[cm.Command], role: Role, **fields: Any) -> None:
        kind: str = command.model_fields["kind"].default
        actor = Actor(subject=f"{AGENCY.lower()}-{role}-1", role=role, agency=AGENCY)
        given = command.model_validate({"command_id": f"{kind}-{role}", "actor": actor, "via": VIA} | fields)
        await timed.call(kind, self.client.act(filing, given))


def submission(applicant: str | None = None) -> Submission:
    """Returns a new submission of this applicant; if None, of a new applicant."""
    person = uuid4()
    applicant = applicant or f"applicant-{person}"
    return Submission.model_validate(
        {
            "client_id": "benchmark",
            "submission_id": str(uuid4()),
            "procedure": PROCEDURE,
            "agency": AGENCY,
            "applicant": {"subject": applicant, "name": "Nguyễn Văn An", "id_number": f"{person.int % 10**12:012d}"},
            "actor": {"subject": applicant, "role": "applicant"},
            "via": VIA,
            "form": {"kind": "birth", "person_name": "Nguyễn Văn An", "copies": 2},
            "payer_account": "970400-0001",
            "result_channel": "online",
        }
    )


class Skeleton:
    """The skeleton's client: makes the same calls as the product's client, but with Temporal's own client."""

    name = "skeleton"

    def __init__(self, client: Client, board: Board) -> None:
        self._client = client
        self._board = board

    async def file(self) -> Filed:
        timed = Timed()
        filing = str(uuid4())
        stream = bare.filing_id(filing)

        async def act(kind: str, role: str) -> None:
            command = {"command_id": f"{kind}-{role}", "step": kind, "actor": role}
            handle = self._client.get_workflow_handle(stream)
            made = handle.execute_update(kind, command, id=str(uuid4()), result_type=dict, rpc_timeout=_CALL)
            await timed.call(kind, made)

        await timed.call("submit", self._submit(stream, {"filing": filing, "procedure": PROCEDURE}))
        await commands(act, self._board, stream)
        return Filed((stream, bare.payment_id(filing)), timed.seconds)

    async def _submit(self, stream: str, start: Plain) -> Any:
        operation = WithStartWorkflowOperation(
            bare.Filing.run,
            start,
            id=stream,
            task_queue=QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
        )
        return await self._client.execute_update_with_start_workflow(
            "submit",
            {"content": "0" * 64},
            start_workflow_operation=operation,
            id=str(uuid4()),
            result_type=dict,
            rpc_timeout=_CALL,
        )


@asynccontextmanager
async def sides(client: Client, env: Mapping[str, str]) -> AsyncIterator[tuple[Product, Skeleton]]:
    """Opens the clients of the product and of its skeleton."""
    dsn, by = env["MOTCUA_DATABASE_URL"], speaker_here(env)
    async with FilingClient(client, speaker=by) as filings, Board(dsn, _PLACES) as places, Board(dsn, STEPS) as steps:
        yield Product(filings, places), Skeleton(client, steps)
