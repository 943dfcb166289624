"""Kills the worker of a command and forbids the command before its repeat: the answer must agree with the record."""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from temporalio import client as temporal
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType, ResetReapplyExcludeType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.worker import Replayer

from activities.ledger.authority.principals import PASSING
from motcua.calls.questions import stream_of
from motcua.client import FilingClient
from motcua.identity import PrivateKey, sign
from motcua.payloads.converter import data_converter
from motcua.signing import Speaker
from schemas.complaint.state import OPENING, ComplaintStart
from schemas.errors import Refusal
from schemas.filing.commands import Command
from schemas.filing.submission import Submission
from schemas.identity import statement as st
from schemas.identity.statement import COMPLAIN, SUBMIT, UNNAMED, Assurance, Claim, Principal, message_digest, seconds
from schemas.ids import TASK_QUEUE, StreamId, complaint_workflow, filing_id, filing_workflow
from schemas.people import OFFICERS, Actor
from schemas.stream.ledger import Receipt
from tests.acting import stock
from tests.conftest import World
from tests.faults.heard.figures import Fault, Figures, Kill, Way
from tests.faults.heard.worker import CHANGED, FOLDER, Orders, held
from tests.faults.processes import WorkerProcess, worker_process
from tests.locked import AUDIENCE, register, register_with, with_office
from tests.speaking import grant
from workers.memory import ForgettingRunner
from workers.settings import Identity
from workers.wiring import WORKFLOWS

TASK_SECONDS: Final = 3.0
"""Seconds that a workflow task may last: fewer than the usual ten, to see more in the same time."""
QUIET: Final = 1.5
"""Seconds without a new command after which the waiting commands are tried."""
MOST: Final = 48
"""The maximum number of commands that are tried at once."""
ANSWERS: Final = 60.0
STUCK: Final = 400.0
"""Seconds after the last command after which no other command is expected."""
ACCEPTED: Final = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED
COMPLETED: Final = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
_ON_DEMAND: Final = {"result": "Result", "refund": "Refund"}
PROGRAMS: Final = 1500
"""The number of programs, each of which can be revoked or narrowed once."""
FILERS: Final = 100
"""The number of programs that submit filings: as many as one program may have as predecessors."""
LASTS: Final = 10
"""Seconds for which a statement stays valid if it is to expire during the trial of its command."""


def say(what: str) -> None:
    sys.stdout.write(f"{datetime.now(UTC):%H:%M:%S} {what}\n")
    sys.stdout.flush()


SPOKEN: Final = {Fault.OVER: "statement_expired", Fault.REVOKED: "key_revoked", Fault.NARROWED: "role_not_granted"}
"""The faults that concern the speaker, each with the rule in the refusal."""
BEGINNING: Final = {SUBMIT, COMPLAIN}
BUILD: Final = "MOTCUA_BUILD"


@dataclass(frozen=True)
class Answer:
    """The answer to a command: a receipt, a refusal, or no valid answer."""

    receipt: dict[str, Any] | None = None
    refusal: Refusal | None = None
    lost: str | None = None

    @property
    def rules(self) -> list[tuple[str, str]]:
        return [] if self.refusal is None else [(one.field, one.rule) for one in self.refusal.problems]

    @property
    def passes(self) -> bool:
        return any(rule in PASSING for _, rule in self.rules)


@dataclass
class Case:
    """A command that a story gives, with the fault that forbids it, its statement and its first answer."""

    stream: str
    kind: str
    said: dict[str, Any]
    actor: Actor
    done: asyncio.Future[None]
    fault: Fault = Fault.LIMIT
    seed: int = 0
    statement: str | None = None
    first: asyncio.Task[Answer] | None = None
    update_id: str = field(default_factory=lambda: uuid4().hex)
    accepted: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def command_id(self) -> str:
        return {SUBMIT: SUBMIT, COMPLAIN: OPENING}.get(self.kind) or str(self.said["command_id"])

    @property
    def cell(self) -> str:
        """Returns the command as `<kind of stream>.<command>`."""
        return f"{self.stream.partition(':')[0]}.{self.kind}"


class Lab:
    """A world whose worker is killed during commands. Commands are collected in batches; each batch meets one kill."""

    def __init__(self, world: World, stock: temporal.Client, folder: Path, figures: Figures) -> None:
        self.world = world
        self.figures = figures
        self._stock = stock
        self._folder = folder
        self._env = world.process_env | {FOLDER: str(folder)}
        self._waiting: list[Case] = []
        self._came = time.monotonic()
        self._filers, self._free = list(range(1, FILERS)), list(range(FILERS, PROGRAMS))
        self._workers = AsyncExitStack()
        self._worker: WorkerProcess | None = None
        self._started = 0
        self._ways: Counter[Way] = Counter()

    # The processes.

    async def start_worker(self) -> WorkerProcess:
        self._started += 1
        return await self._workers.enter_async_context(
            worker_process(self._env, self._folder / f"worker-{self._started}", module="tests.faults.heard.worker")
        )

    async def close(self) -> None:
        await self._workers.aclose()

    # What others give.

    @asynccontextmanager
    async def tried(self, stream: str, kind: str, said: dict[str, Any], actor: Actor) -> AsyncIterator[None]:
        """Waits until the lab has tried the command, recorded or not; no batch is tried within the block."""
        case = Case(stream, kind, said, actor, asyncio.get_running_loop().create_future())
        self._waiting.append(case)
        self._came = time.monotonic()
        await case.done
        try:
            yield
        finally:
            case.over.set()

    async def all_given(self, stories: Iterable[asyncio.Task[Any]]) -> None:
        """Returns once the stories have ended, or no command has come for STUCK s, since a fault may stop a story.

        Raises:
            Exception: a story failed for a reason of its own.
        """
        playing = set(stories)
        self._came = time.monotonic()
        try:
            while playing and time.monotonic() - self._came < STUCK:
                ended, playing = await asyncio.wait(playing, timeout=1)
                for story in ended:
                    story.result()
        finally:
            for story in playing:
                story.cancel()
            await asyncio.gather(*playing, return_exceptions=True)

    async def conduct(self) -> None:
        """Tries the commands that come, until cancelled."""
        Orders().give(self._folder)
        self._worker = await self.start_worker()
        while True:
            await asyncio.sleep(0.1)
            if not self._waiting or not (time.monotonic() - self._came > QUIET or len(self._waiting) >= MOST):
                continue
            batch, streams = list[Case](), set[str]()
            for case in list(self._waiting):
                if case.stream not in streams and len(batch) < MOST:
                    streams.add(case.stream)
                    batch.append(case)
                    self._waiting.remove(case)
            try:
                await self._try(batch)
            except (TimeoutError, asyncpg.PostgresError, RPCError) as error:
                say(f"given up: {type(error).__name__} {error}")
                await self._begin_anew()
            for case in batch:
                case.done.set_result(None)
            with suppress(TimeoutError):
                async with asyncio.timeout(ANSWERS):
                    await asyncio.gather(*(case.over.wait() for case in batch))

    async def _begin_anew(self) -> None:
        """Restores a state in which a worker runs and nothing is forbidden."""
        self.figures.outcomes["given up"] += 1
        Orders().give(self._folder)
        await self._workers.aclose()
        await self.world.execute("update officer set active = true where not active")
        self._worker = await self.start_worker()

    # How it is tried.

    async def _try(self, batch: list[Case]) -> None:
        kill = self._choose(batch)
        way = self._way(kill)
        begun = time.monotonic()
        await self._sign(batch, kill)
        survivor = await self._die(batch, kill, way)
        await self._forbid(batch)
        before = await self._recorded(batch)
        if way is Way.CACHED and survivor is not None:
            survivor.go_on()
        self._worker = survivor or await self.start_worker()
        if way is Way.BUILD:  # that of before works on, for what can't move yet
            self._env |= {BUILD: f"build-{self._started}", "MOTCUA_RELEASE": "true"}
            self._worker = await self.start_worker()
        await self._ask(batch, kill, before)
        if way is Way.TWICE:
            self._worker.kill()
            await self._worker.died()
            self._worker = await self.start_worker()
            await self._ask(batch, kill, before)
        await self._reset(batch, before)
        await self._allow(batch)
        self.figures.ways[kill, way] += len(batch)
        for case in batch:
            self.figures.cells[case.cell, kill, case.fault] += 1
        took, cells = time.monotonic() - begun, len(self.figures.cells)
        say(f"{len(batch):2} {kill}, {way}: {took:.0f} s; {cells} cells, {len(self.figures.violations)} violations")

    def _choose(self, batch: list[Case]) -> Kill:
        """Returns the kill for which most cells are missing; sets for each case the fault that was seen least."""
        seen = self.figures.cells
        for case in batch:
            self.figures.faults[case.cell].update(self._faults(case))

        def missing(kill: Kill) -> int:
            return sum(sum(not seen[case.cell, kill, fault] for fault in self._faults(case)) for case in batch)

        kill = max(Kill, key=lambda kill: (missing(kill), -sum(n for (_, k, _), n in seen.items() if k is kill)))
        seen, of_command, of_kill = seen.copy(), Counter[tuple[str, Fault]](), Counter[Fault]()
        for (command, other, fault), n in seen.items():
            of_command[command, fault] += n
            of_kill[fault] += n if other is kill else 0
        for case in batch:

            def often(fault: Fault, of: str = case.cell) -> tuple[int, int, int]:
                return seen[of, kill, fault], of_command[of, fault], of_kill[fault]

            case.fault = min(self._faults(case), key=often)
            seen[case.cell, kill, case.fault] += 1
            of_command[case.cell, case.fault] += 1
            of_kill[case.fault] += 1
        return kill

    def _faults(self, case: Case) -> list[Fault]:
        """Returns the faults that may forbid a command in this world."""
        spoken = list(SPOKEN) if self.world.identity is Identity.REQUIRED else []
        if case.kind == SUBMIT and len(self._filers) < MOST:
            return [Fault.OVER]
        if case.kind in BEGINNING:
            return spoken or [Fault.LIMIT]
        return [Fault.LIMIT, Fault.RULES, *([Fault.ROLE] if case.actor.role in OFFICERS else []), *spoken]

    def _way(self, kill: Kill) -> Way:
        ways = [Way.NEW, Way.TWICE]
        if kill in {Kill.APPENDING, Kill.COMMITTED}:
            ways += [Way.CACHED, Way.TWO] if BUILD in self._env else [Way.BUILD, Way.CACHED, Way.TWO]
        way = min(ways, key=lambda way: self._ways[way])
        self._ways[way] += 1
        return way

    async def _sign(self, batch: list[Case], kill: Kill) -> None:
        if self.world.identity is Identity.OFF:
            return
        for case in batch:
            once = self._filers if case.kind == SUBMIT else self._free
            case.seed = once.pop() if case.fault in {Fault.REVOKED, Fault.NARROWED} else 0
            now = seconds(datetime.now(UTC))
            ends = {Fault.OVER: now - 61 if kill is Kill.BEFORE else now - 60 + LASTS}.get(case.fault, now + 180)
            case.statement = self._statement(case, case.said, ends=ends)

    def _statement(self, case: Case, said: dict[str, Any], *, ends: int) -> str:
        about: dict[str, Any] = {"act": case.kind, "stream": case.stream}
        if case.kind not in BEGINNING:
            about["command_id"] = said["command_id"]
        actor = case.actor.model_dump(mode="json", exclude_none=True)
        by = {"iss": program(case.seed).id, "aud": AUDIENCE, "content": message_digest(said)}
        how = {"iat": ends - 190, "exp": ends, "acr": "4", "amr": ("pwd", "otp"), "auth_time": ends - 200}
        for_whom = {"on_behalf_of": said["on_behalf_of"]} if "on_behalf_of" in said else {}
        statement = st.IdentityStatement.model_validate(by | how | about | {"actor": actor} | for_whom)
        return sign(statement, key(case.seed))

    async def _die(self, batch: list[Case], kill: Kill, way: Way) -> WorkerProcess | None:
        """Gives the commands and kills the worker; returns the worker that survives, if there is one."""
        worker = self._worker
        assert worker is not None
        names = frozenset(held(case.stream, case.command_id) for case in batch)
        if kill is Kill.BEFORE:
            worker.kill()
            await worker.died()
            self._give_first(batch)
            return None
        survivor = None
        if way is Way.CACHED:
            survivor = worker
            survivor.pause()
            worker = await self.start_worker()
        elif way is Way.TWO:
            survivor = await self.start_worker()
        if kill is Kill.TAKEN:
            Orders(before=names).give(self._folder)
            self._give_first(batch)
            await self._until(lambda: self._all_accepted(batch), batch)
        elif kill is Kill.APPENDING:
            await self._die_appending(batch, worker)
        elif kill is Kill.COMMITTED:
            Orders(after=names).give(self._folder)
            self._give_first(batch)
            await self._until(lambda: self._all_recorded(batch), batch)
        else:
            self._give_first(batch)
            await asyncio.gather(*(case.first for case in batch if case.first))
        worker.kill()
        await worker.died()
        Orders().give(self._folder)
        for case in batch:
            case.accepted = await self._is_accepted(case)
        return survivor

    async def _die_appending(self, batch: list[Case], worker: WorkerProcess) -> None:
        """Kills the worker while its statements wait for a lock; the database may still execute them."""
        async with self.world.connection() as blocking, self.world.connection() as looking:
            async with blocking.transaction():
                await blocking.execute("set local lock_timeout = '5s'")  # of a worker that was cut off in the middle
                await blocking.execute("lock table stream in share row exclusive mode")
                self._give_first(batch)
                async with asyncio.timeout(20):
                    deadline = time.monotonic() + 3
                    while await looking.fetchval(_WAIT) < min(len(batch), 8) and time.monotonic() < deadline:
                        await asyncio.sleep(0.05)
                worker.kill()
                await worker.died()
            async with asyncio.timeout(20):
                while await looking.fetchval(_WAIT):
                    await asyncio.sleep(0.05)

    def _give_first(self, batch: list[Case]) -> None:
        for case in batch:
            case.first = asyncio.create_task(self._given(case, case.said, case.statement, case.update_id))

    async def _until(self, done: Callable[[], Any], batch: list[Case]) -> None:
        """Waits until `done` is true or every case has an answer, at most 12 s."""
        deadline = time.monotonic() + 12
        while time.monotonic() < deadline:
            if await done() or all(case.first and case.first.done() for case in batch):
                return
            await asyncio.sleep(0.1)

    async def _all_recorded(self, batch: list[Case]) -> bool:
        found = await self._recorded(batch)
        return all(found[case.stream] or (case.first and case.first.done()) for case in batch)

    async def _all_accepted(self, batch: list[Case]) -> bool:
        for case in batch:
            if case.first and case.first.done():
                continue
            if not await self._is_accepted(case):
                return False
        return True

    async def _is_accepted(self, case: Case) -> bool:
        """Returns whether the history shows that a workflow task has accepted the Update or the start."""
        try:
            events = [event async for event in self._stock.get_workflow_handle(case.stream).fetch_history_events()]
        except RPCError:
            return False
        if case.kind in BEGINNING:
            return any(event.event_type == COMPLETED for event in events)
        return any(
            event.event_type == ACCEPTED
            and event.workflow_execution_update_accepted_event_attributes.protocol_instance_id == case.update_id
            for event in events
        )

    async def _recorded(self, batch: Iterable[Case]) -> dict[str, bool]:
        async with self.world.connection() as connection:
            return {
                case.stream: await connection.fetchval(_RECEIPT, case.stream, case.command_id) is not None
                for case in batch
            }

    # What forbids it.

    async def _forbid(self, batch: list[Case]) -> None:
        ids = {fault: frozenset(c.command_id for c in batch if c.fault is fault) for fault in Fault}
        Orders(late=ids[Fault.LIMIT], forbidden=ids[Fault.RULES]).give(self._folder)
        async with self.world.connection() as connection:
            for case in batch:
                if case.fault is Fault.ROLE:
                    await connection.execute(_TAKEN, case.actor.subject, case.actor.role, case.actor.agency)
        now = datetime.now(UTC)
        for case in batch:
            known = program(case.seed) if case.fault in {Fault.REVOKED, Fault.NARROWED} else None
            if known is None or self.world.identity is Identity.OFF:
                continue
            keys = (known.keys[0].model_copy(update={"revoked_at": now}),)
            changed = {"keys": keys} if case.fault is Fault.REVOKED else {"grants": ()}
            await register(self.world, known.model_copy(update=changed))
        await asyncio.sleep(1)  # a worker that is there may be appending what it has decided before
        if any(case.fault is Fault.OVER and case.statement for case in batch):
            await asyncio.sleep(LASTS + 2)

    async def _allow(self, batch: list[Case]) -> None:
        Orders().give(self._folder)
        taken = [case.actor.subject for case in batch if case.fault is Fault.ROLE]
        await self.world.execute("update officer set active = true where subject = any($1)", taken)

    # What is asked, and what must be answered.

    async def _ask(self, batch: list[Case], kill: Kill, before: dict[str, bool]) -> None:
        await asyncio.gather(*(self._ask_one(case, kill, recorded=before[case.stream]) for case in batch))

    async def _ask_one(self, case: Case, kill: Kill, *, recorded: bool) -> None:
        again = uuid4().hex
        first = [await case.first] if case.first else []
        repeats = [await self._given(case, case.said, case.statement, again) for _ in range(2)]
        after = (await self._recorded([case]))[case.stream]
        for answer in first + repeats:
            self._judge(case, kill, answer, recorded=after)
        for answer in repeats:
            self._judge_words(case, kill, answer, recorded=after)
        if after and not recorded:
            self._judge_new(case, kill)
        if recorded and not after:
            self._violated(case, kill, "it is gone from the log")
        if recorded and case.kind not in BEGINNING:
            await self._ask_other(case, kill)
        if case.kind in BEGINNING:
            await self._judge_run(case, kill, recorded=after)

    async def _ask_other(self, case: Case, kill: Kill) -> None:
        other = case.said | {"via": {"principal": "somebody-else"}}
        statement = None
        if case.statement is not None:
            now = seconds(datetime.now(UTC))
            statement = self._statement(case, other, ends=now - 61 if case.fault is Fault.OVER else now + 180)
        answer = await self._given(case, other, statement, uuid4().hex)
        if answer.rules != [("command_id", "same_id_other_content")] and answer.lost is None:
            self._violated(case, kill, f"other content under its id: {answer}")

    def _judge(self, case: Case, kill: Kill, answer: Answer, *, recorded: bool) -> None:
        if answer.lost is not None:
            self.figures.outcomes[f"{'recorded' if recorded else 'not recorded'}: no answer ({answer.lost})"] += 1
            return
        about_submit = case.kind == SUBMIT and case.fault in {Fault.REVOKED, Fault.NARROWED}
        if recorded and answer.receipt is None and not about_submit:
            self._violated(case, kill, f"refused, but recorded: {answer.rules}")
        if not recorded and answer.receipt is not None:
            self._violated(case, kill, "a receipt, but nothing recorded")
        told = "a receipt" if answer.receipt else f"refused ({case.fault})"
        self.figures.outcomes[f"{'recorded' if recorded else 'not recorded'}: {told}"] += 1

    def _judge_words(self, case: Case, kill: Kill, answer: Answer, *, recorded: bool) -> None:
        """Checks that a command that is not in the log is refused for the reason of its fault."""
        about_submit = case.kind == SUBMIT and case.fault in {Fault.REVOKED, Fault.NARROWED}
        if answer.refusal is None or (recorded and not about_submit):
            return
        rules = set(answer.rules)
        if case.fault in SPOKEN and case.statement:
            fits = answer.rules == [("statement", SPOKEN[case.fault])]
        else:
            fits = case.fault is not Fault.RULES or ("actor.subject", CHANGED) in rules
        if not (fits or any(rule in {"not_ready", "nothing_recorded"} for _, rule in rules)):
            self._violated(case, kill, f"refused in other words: {answer.rules}")

    def _judge_new(self, case: Case, kill: Kill) -> None:
        """Checks that a command recorded only by its repeat was valid when accepted, or that no fault forbids it."""
        held_when_taken = case.fault is Fault.OVER and (case.accepted or kill is Kill.APPENDING)
        if case.fault is Fault.LIMIT or held_when_taken or (case.fault in SPOKEN and case.statement is None):
            self.figures.outcomes[f"recorded afterwards ({case.fault})"] += 1
        else:
            self._violated(case, kill, "newly recorded, though it is forbidden")

    async def _judge_run(self, case: Case, kill: Kill, *, recorded: bool) -> None:
        described = await self._stock.get_workflow_handle(case.stream).describe()
        if recorded and described.status is temporal.WorkflowExecutionStatus.FAILED:
            self._violated(case, kill, "its run has failed with the stream in the log")
        self.figures.outcomes[f"{case.kind}: {'recorded, the run lives' if recorded else 'refused'}"] += 1

    def _violated(self, case: Case, kill: Kill, what: str) -> None:
        named = (
            f"{case.cell} ({kill}; {case.fault}; accepted: {case.accepted}): {what} [{case.stream} {case.command_id}]"
        )
        say(f"VIOLATED {named}")
        self.figures.violations.append(named)

    async def _reset(self, batch: list[Case], before: dict[str, bool]) -> None:
        """Resets one run to the time before its command, and repeats the command, which the run no longer knows."""
        for case in batch:
            if case.kind in BEGINNING or not before[case.stream] or not case.stream.startswith("filing:"):
                continue
            if await self._set_back(case):
                answer = await self._given(case, case.said, case.statement, uuid4().hex)
                if answer.receipt is None and answer.lost is None:
                    self._violated(case, Kill.COMMITTED, f"refused after a reset, but recorded: {answer.rules}")
                self.figures.outcomes[f"reset: {'a receipt' if answer.receipt else 'no receipt'}"] += 1
                return

    async def _set_back(self, case: Case) -> bool:
        handle = self._stock.get_workflow_handle(case.stream)
        to = 0
        async for event in handle.fetch_history_events():
            if event.event_type == ACCEPTED and case.command_id in _said_in(event):
                break
            to = event.event_id if event.event_type == COMPLETED else to
        else:
            return False
        described = await handle.describe()
        if described.status is not temporal.WorkflowExecutionStatus.RUNNING:
            return False
        await self._stock.workflow_service.reset_workflow_execution(
            ResetWorkflowExecutionRequest(
                namespace=self.world.namespace,
                workflow_execution=WorkflowExecution(workflow_id=case.stream, run_id=described.run_id),
                reason="a test",
                workflow_task_finish_event_id=to,
                request_id=uuid4().hex,
                reset_reapply_exclude_types=[ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_UPDATE],
            )
        )
        return True

    async def _given(self, case: Case, said: dict[str, Any], statement: str | None, update_id: str) -> Answer:
        """Returns the final answer to a command; repeats it while a worker can't read the register of programs."""
        until = time.monotonic() + ANSWERS
        while (answer := await self._once(case, said, statement, update_id)).passes and time.monotonic() < until:
            await asyncio.sleep(0.3)
        return answer

    async def _once(self, case: Case, said: dict[str, Any], statement: str | None, update_id: str) -> Answer:
        signed = {} if statement is None else {"statement": statement}
        try:
            async with asyncio.timeout(ANSWERS):
                return Answer(receipt=await self._send(case, said, signed, update_id))
        except (temporal.WorkflowUpdateFailedError, temporal.WorkflowFailureError) as error:
            cause = error.cause
            if not isinstance(cause, ApplicationError) or not cause.details:
                return Answer(lost=type(cause).__name__ + " " + (getattr(cause, "type", None) or ""))
            return Answer(refusal=Refusal.model_validate(cause.details[0]))
        except (RPCError, TimeoutError) as error:
            return Answer(lost=type(error).__name__ + " " + str(getattr(error, "status", "")))
        except Exception as error:  # noqa: BLE001 -- the SDK has several ways to say that there was none
            return Answer(lost=type(error).__name__)

    async def _send(self, case: Case, said: dict[str, Any], signed: dict[str, str], update_id: str) -> Any:
        kind = StreamId.parse(case.stream).kind
        if case.kind == COMPLAIN:
            return await self._complain(case, said | signed)
        if case.kind != SUBMIT and kind not in _ON_DEMAND:
            handle = self._stock.get_workflow_handle(case.stream)
            return await handle.execute_update(case.kind, said | signed, id=update_id)
        asked = StreamId.parse(case.stream)
        start: dict[str, Any] = {"filing_id": str(asked.filing), "n": asked.n}
        policy = WorkflowIDReusePolicy.ALLOW_DUPLICATE
        message = said | signed
        if case.kind == SUBMIT:
            start, policy = {"submission": said} | signed, WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY
            message = {"content": message_digest(said)} | signed
        operation: temporal.WithStartWorkflowOperation[Any, Any] = temporal.WithStartWorkflowOperation(
            _ON_DEMAND.get(kind, "Filing"),
            start,
            id=case.stream,
            task_queue=TASK_QUEUE,
            task_timeout=timedelta(seconds=TASK_SECONDS),
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=policy,
        )
        try:
            return await self._stock.execute_update_with_start_workflow(
                case.kind, message, start_workflow_operation=operation, id=update_id
            )
        except BaseException:
            await asyncio.gather(operation.workflow_handle(), return_exceptions=True)
            raise

    async def _complain(self, case: Case, start: dict[str, Any]) -> Any:
        """Begins a complaint; returns its receipt, or raises its refusal."""
        handle = await self._stock.start_workflow(
            "Complaint",
            start,
            id=case.stream,
            task_queue=TASK_QUEUE,
            task_timeout=timedelta(seconds=TASK_SECONDS),
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
        )
        ended = asyncio.create_task(handle.result())
        try:
            while not ended.done():
                receipt = await self.world.fetchval(_RECEIPT, case.stream, OPENING)
                if receipt is not None:
                    return json.loads(receipt)
                await asyncio.wait({ended}, timeout=0.3)
            return await ended
        finally:
            ended.cancel()
            await asyncio.gather(ended, return_exceptions=True)

    # At the end.

    async def replay(self) -> None:
        """Replays every history; a failure is a violation."""
        replayer = Replayer(workflows=WORKFLOWS, data_converter=data_converter, workflow_runner=ForgettingRunner())
        histories = self.world.temporal.list_workflows("WorkflowType != 'View'").map_histories()
        async with replayer.workflow_replay_iterator(histories) as results:
            async for result in results:
                self.figures.replayed += 1
                if result.replay_failure is not None:
                    self.figures.violations.append(
                        f"{result.history.workflow_id} does not replay: {result.replay_failure}"
                    )


def _said_in(event: Any) -> str:
    asked = event.workflow_execution_update_accepted_event_attributes.accepted_request.input.args.payloads
    return "".join(one.data.decode(errors="replace") for one in asked)


# The programs that speak.


@cache
def key(n: int) -> PrivateKey:
    raw = Ed25519PrivateKey.from_private_bytes(sha256(f"program {n}".encode()).digest())
    return PrivateKey(raw.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


@cache
def program(n: int) -> Principal:
    """Returns the n-th program, which may act for everybody, also in the filings of the other programs."""
    now = datetime.now(UTC)
    in_force = {"valid_from": now - timedelta(days=1), "valid_until": now + timedelta(days=1)}
    everything = (grant(claim, "*", least=Assurance.LOW) for claim in (Claim.OFFICERS, Claim.OPERATOR, Claim.AUDITOR))
    others = tuple(f"program-{other}" for other in range(FILERS) if other != n)
    own = grant(Claim.OWN, least=Assurance.LOW, predecessors=others)
    keys = (st.PrincipalKey(public_key=key(n).public_key, **in_force),)
    return Principal(
        id=f"program-{n}", name=f"program {n}", kind=st.PrincipalKind.DESK, grants=(own, *everything), keys=keys
    )


class Trying(FilingClient):
    """A client that lets the lab try each command before the client itself gives it."""

    lab: Lab

    async def act(self, target: UUID | str, command: Command) -> Receipt:
        """Gives the command a new id, lets the lab try it with kills and faults, and then sends it."""
        command = command.model_copy(update={"command_id": uuid4().hex, "seen_seq": None})
        said = command.model_dump(mode="json", exclude_none=True)
        async with self.lab.tried(stream_of(target), command.kind, said, command.actor):
            return await super().act(target, command)

    async def submit(self, submission: Submission) -> Receipt:
        stream = filing_workflow(filing_id(submission.client_id, submission.submission_id))
        said = submission.model_dump(mode="json", exclude_none=True)
        async with self.lab.tried(stream, SUBMIT, said, submission.actor):
            return await super().submit(submission)

    async def complain(self, complaint: ComplaintStart) -> Receipt:
        stream = complaint_workflow(complaint.filing_id, complaint.n)
        said = complaint.model_dump(mode="json", exclude_none=True)
        async with self.lab.tried(stream, COMPLAIN, said, complaint.actor):
            return await super().complain(complaint)


@dataclass(frozen=True)
class TryingWorld(World):
    trying: Trying

    @property
    def client(self) -> FilingClient:
        return self.trying


@asynccontextmanager
async def lab(
    base: World, folder: Path, figures: Figures, *, identity: Identity
) -> AsyncIterator[tuple[Lab, TryingWorld]]:
    """Yields the lab of this world, and a world whose commands pass through the lab."""
    speaker = Speaker(program(0).id, key(0), UNNAMED) if identity is Identity.REQUIRED else None
    world = replace(base, identity=identity, speaker=speaker)
    world = world if speaker is None else await with_office(world)
    if speaker is not None:
        async with world.connection() as connection:
            for n in range(PROGRAMS):
                await register_with(connection, program(n))
    made = Lab(world, await stock(world), folder, figures)
    client = Trying(world.temporal, speaker=speaker, patience=180)
    client.lab = made
    named = {each.name: getattr(world, each.name) for each in fields(world)}
    conducting = asyncio.create_task(made.conduct())
    try:
        yield made, TryingWorld(**named, trying=client)
    finally:
        conducting.cancel()
        await asyncio.gather(conducting, return_exceptions=True)
        await made.close()


_RECEIPT: Final = "select convert_from(body, 'UTF8') from receipt where stream = $1 and command_id = $2"
_TAKEN: Final = "update officer set active = false where subject = $1 and role = $2 and agency = $3"
_WAIT: Final = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
