"""One portal floods the platform with messages while an officer works: `python -m tests.faults.floods`.

Prints the officer's times before and during the flood, and the outcome of each message. It exits 0 only if the
officer's p95 is at most a second, none of the portal's false signals was recorded, and the record verifies.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any, Final
from uuid import uuid4

from temporalio.client import (
    Client,
    WorkflowFailureError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from motcua.payloads.converter import data_converter
from schemas.filing import commands as cm
from schemas.identity.statement import UNNAMED, Claim, PrincipalKind
from schemas.ids import TASK_QUEUE, filing_workflow
from schemas.people import Role
from schemas.reading import AskTasks
from tests.acting import Play, birth, eventually, of
from tests.conftest import World, own_stack
from tests.faults.processes import ANY_FILES
from tests.forked import forked
from tests.locked import Program, now_in_force, register, signing
from tests.speaking import grant, principal
from verifier.ledger import verify

SEED: Final = 61
WANTED: Final = 1.0
"""The maximum of the officer's p95, in seconds."""
AT_ONCE: Final = 100
"""The number of messages of one kind that are sent at the same time."""
THINKING: Final = 0.2
"""Seconds between two acts of the officer."""
BEFORE: Final = 42
ITS_OWN: Final = {"claimed", "released", "reminded", "apology_drafted", "apologised", "overdue"}
"""The events that the officer and the clocks may record in the officer's filing during the flood."""


class Flooder(Program):
    """The portal, with a stock client that ignores requests to wait."""

    name = "flooder"

    async def ask(self, stream: str) -> Any:
        question = {"ask": "filing", "stream": stream}
        signed = question | {"statement": self.statement(question, {"act": "ask.filing", "stream": stream})}
        return await self.client.execute_workflow("View", signed, id=f"view:{uuid4()}", task_queue=TASK_QUEUE)

    async def lie(self, stream: str) -> None:
        fact = {"n": 1, "settlement": "paid", "amount": 16_000}
        await self.client.get_workflow_handle(stream).signal("fee_settled", fact)

    async def heavy(self, megabytes: int) -> Any:
        said = {"submission": {"form": {"x": "y" * (megabytes << 20)}}}
        return await self.client.execute_workflow("Filing", said, id=f"filing:{uuid4()}", task_queue=TASK_QUEUE)


async def outcome(message: Awaitable[Any]) -> str:
    """Returns the outcome of a message: taken, the code of its refusal, or Temporal's status."""
    try:
        await message
    except (WorkflowFailureError, WorkflowUpdateFailedError) as error:
        cause = error.cause
        return str(cause.type) if isinstance(cause, ApplicationError) else type(cause).__name__
    except RPCError as error:
        return error.status.name
    except WorkflowUpdateRPCTimeoutOrCancelledError:
        return "no answer"
    return "taken"


async def sent(n: int, message: Callable[[], Awaitable[Any]]) -> Counter[str]:
    """Sends `n` of these messages, each once; returns the number of each outcome."""
    left, came = iter(range(n)), Counter[str]()

    async def sender() -> None:
        for _ in left:
            came[await outcome(message())] += 1

    await asyncio.gather(*(sender() for _ in range(AT_ONCE)))
    return came


async def flood(address: str, namespace: str, own: str, officers: str, counts: list[int], megabytes: int) -> None:
    """Sends all messages at once, and prints their outcomes."""
    client = await Client.connect(address, namespace=namespace, data_converter=data_converter)
    portal = Flooder(client, SEED)
    submissions, questions, signals, starts = counts
    kinds = {
        "submissions": sent(submissions, lambda: portal.submit(birth())),
        "questions": sent(questions, lambda: portal.ask(own)),
        "signals": sent(signals, lambda: portal.lie(officers)),
        f"starts of {megabytes} MB": sent(starts, lambda: portal.heavy(megabytes)),
    }
    came = await asyncio.gather(*kinds.values())
    print(json.dumps(dict(zip(kinds, came, strict=True))))  # noqa: T201 -- the parent reads it


async def officer_at_work(play: Play, going_on: Callable[[int], bool]) -> list[float]:
    """Gives an officer's commands and questions, one after the other; returns the seconds that each of them takes."""
    specialist, times = play.officer(Role.SPECIALIST), list[float]()
    tasks = play.world.client.as_(specialist, play.submission.via)
    page = AskTasks(agency=specialist.agency)
    acts: list[Callable[[], Awaitable[Any]]] = [
        partial(play.act, cm.Claim, specialist),
        partial(play.act, cm.Release, specialist),
        partial(tasks.tasks, page),
    ]
    while going_on(len(times)):
        began = time.monotonic()
        await acts[len(times) % len(acts)]()
        times.append(time.monotonic() - began)
        await asyncio.sleep(THINKING)
    return times


def figures(times: Iterable[float]) -> dict[str, float]:
    seconds = sorted(times)
    p95 = quantiles(seconds, n=20)[-1] if len(seconds) > 1 else seconds[0]
    return {
        "acts": len(seconds),
        "median": round(median(seconds), 3),
        "p95": round(p95, 3),
        "most": round(seconds[-1], 3),
    }


async def trial(said: argparse.Namespace, world: World, ready: Path) -> dict[str, Any]:
    portal = principal("flooder", grant(Claim.OWN), keys=(now_in_force(SEED),))
    world = await signing(world)
    await register(world, portal.model_copy(update={"kind": PrincipalKind.PORTAL}))
    env = world.process_env | {
        "PATH": os.environ["PATH"],
        "MOTCUA_READY_FILE": str(ready),
        "MOTCUA_SANDBOX": "false",
        "MOTCUA_INSTALLATION": UNNAMED,
    }
    worker = forked(ANY_FILES, env=env)
    try:
        await eventually(partial(asyncio.to_thread, ready.exists), bool)
        async with world.back_office():
            return await beside(said, world)
    finally:
        worker.terminate()
        await worker.wait()


async def beside(said: argparse.Namespace, world: World) -> dict[str, Any]:
    """Returns the officer's times before and during the flood, and the outcomes of the flood's messages."""
    play = await Play.accepted(world, birth())
    own = birth()
    await Flooder(world.temporal, SEED).submit(own)
    before = await officer_at_work(play, lambda done: done < BEFORE)
    recorded = Counter(await play.kinds())
    counts = [said.submissions, said.questions, said.signals, said.starts]
    where = [world.env["TEMPORAL_ADDRESS"], world.namespace, filing_workflow(of(own)), filing_workflow(play.filing)]
    flooding = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults.floods", "--flood"),
        json.dumps([*where, counts, said.megabytes]),
        stdout=asyncio.subprocess.PIPE,
    )
    began = time.monotonic()
    told = asyncio.create_task(flooding.communicate())
    meanwhile = await officer_at_work(play, lambda _: not told.done())
    took = time.monotonic() - began
    after = Counter(await play.kinds()) - recorded
    return {
        "before": figures(before),
        "meanwhile": figures(meanwhile),
        "seconds": round(took),
        "flood": json.loads((await told)[0].splitlines()[-1]),
        "recorded of lies": {kind: n for kind, n in after.items() if kind not in ITS_OWN},
        "problems": (await verify(world.superuser_dsn)).problems,
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.floods")
    parser.add_argument("--submissions", type=int, default=5_000)
    parser.add_argument("--questions", type=int, default=10_000)
    parser.add_argument("--signals", type=int, default=3_000)
    parser.add_argument("--starts", type=int, default=100)
    parser.add_argument("--megabytes", type=int, default=2)
    parser.add_argument("--flood", type=json.loads, help=argparse.SUPPRESS)
    return parser.parse_args()


async def main() -> int:
    said = arguments()
    if said.flood is not None:
        await flood(*said.flood)
        return 0
    async with own_stack() as (_, world):
        with TemporaryDirectory() as folder:
            found = await trial(said, world, Path(folder) / "ready")
    print(json.dumps(found, indent=1))  # noqa: T201 -- its result
    return 1 if found["meanwhile"]["p95"] > WANTED or found["recorded of lies"] or found["problems"] else 0


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(asyncio.run(main()))
