"""Plays many filings of the demo while parts of the stack are killed and paused: `python -m tests.faults.soak`.

Not part of the suite. It exits 0 only if every filing ended as expected, the bank took each fee once, the post has each
parcel once, no number of a result is missing or taken twice, no paper was made twice, no run is stalled at the end, and
every history replays. Temporal's own queries (`--queries`) may break a history; then the runs that healing has ended
are reported separately, with the longest stall.

With `--points`, the worker dies instead at one place after the other, between an outside act, its finding and its
answer; at the end the findings without an event are counted.

With `--older`, Temporal's database is lost in the middle, and everything restarts in an empty one. Then the lost
database is restored: its runs continue by themselves, the runbook is followed, and all checks must still pass.

Needs a source checkout with its `.venv`, and nothing else; two thousand filings take about twenty minutes.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Final

import yaml
from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus, WorkflowQueryFailedError
from temporalio.service import RPCError
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from console.home import CODEC, Home
from demo.scenario import SCENARIOS
from motcua.payloads.codec import sealing
from motcua.payloads.converter import data_converter
from motcua.payloads.key_ring import ring_in
from recovery.histories import each
from recovery.stalled import RUNNING, stalled
from tests.faults.losses import copied, counted, lose_all, restart_all
from tests.faults.once import not_once, unrecorded
from tests.faults.processes import program, until, up
from workers.wiring import WORKFLOWS

REACHED: Final = 30
"""Seconds within which a worker must reach the point at which it is killed; else the next point is tried."""
LEFT_TO_THEMSELVES: Final = 15
"""Seconds for which the runs of the restored, older Temporal continue before the runbook is followed."""
TO_ACT: Final = {"draft": 90}
"""By name, the seconds of waits in which an actor must act: longer than any fault, unlike those of the stories."""
POINTS: Final = (
    *("finding.kept", "payment.ordered", "finding.kept", "parcel.sent", "finding.kept", "result.signed"),
    *("finding.kept", "payment.refunded", "result.printed", "examined"),
)
"""Places where the worker dies, between an outside act, its finding and its answer; four directly follow a finding."""
PARTS: Final = ("worker", "worker", "back-office", "postgres", "temporal", "bank", "post", "relay", "trust")
ACTS: Final = frozenset({"payment_ordered", "payment_captured", "refund_given", "consignment_sent", "result_signed"})
"""Kinds of findings that must all have an event at the end; with other kinds, a person's act may have come first."""
STRAY: Final = ("__stack_trace", "__enhanced_stack_trace", "__temporal_workflow_metadata")


@dataclass
class Seen:
    """The faults of the trial, and its figures and problems."""

    faults: Counter[str] = field(default_factory=Counter)
    queries: int = 0
    longest_stall: float = 0
    stalled: set[str] = field(default_factory=set)
    histories: int = 0
    ended_to_be_healed: int = 0
    not_replayed: list[str] = field(default_factory=list)
    runbook: dict[str, Counter[str]] = field(default_factory=dict)
    still_wrong: list[str] = field(default_factory=list)


async def disturb(home: Home, given: argparse.Namespace, seen: Seen, operating: asyncio.Lock) -> None:
    """Kills or pauses one part after the other, but none while the lock `operating` is held."""
    moments = random.Random(given.seed)
    while seen.faults.total() < given.faults:
        await asyncio.sleep(moments.uniform(0.5, 1.5) * given.every)
        part = moments.choice(PARTS if given.all_parts else PARTS[:1])
        pause = moments.uniform(2, 4) if moments.random() < given.pauses else None
        async with operating:
            with suppress(ProcessLookupError, FileNotFoundError):
                await fault(int(home.pid_file(part).read_text(encoding="utf-8")), pause)
                seen.faults[f"{part} {'paused' if pause else 'killed'}"] += 1


def gone(file: Path) -> bool:
    return not file.exists()


async def die_at_points(folder: Path, given: argparse.Namespace, seen: Seen, operating: asyncio.Lock) -> None:
    """Lets the worker die at one place after the other, each time when it first reaches the place."""
    moments, places = random.Random(given.seed), cycle(POINTS)
    while seen.faults.total() < given.faults:
        await asyncio.sleep(moments.uniform(0.5, 1.5) * given.every)
        place = next(places)
        armed = folder / place
        async with operating:
            armed.touch()
            with suppress(TimeoutError):
                await until(partial(gone, armed), seconds=REACHED)
                seen.faults[f"worker died at {place}"] += 1
            armed.unlink(missing_ok=True)


async def bring_back_an_older_temporal(
    folder: Path, home: Home, given: argparse.Namespace, seen: Seen, operating: asyncio.Lock
) -> None:
    """Loses Temporal in the middle of the trial, continues with an empty one, and restores the lost one."""
    env = home.read_env() or {}

    async def filed(share: float) -> None:
        while await counted(env, "filing") < share * given.filings:
            await asyncio.sleep(0.2)

    await filed(given.older)
    older = await asyncio.to_thread(copied, home)
    async with operating:
        await lose_all(home)
        await operate(folder, "--all-missing", "lost", seen)
    more = await counted(env, "event") + given.since
    while await counted(env, "event") < more:
        await asyncio.sleep(0.2)
    async with operating:
        worker = home.pid_file("worker").read_text(encoding="utf-8")
        await lose_all(home, older)
        await until(lambda: is_ready(home, "worker", worker), seconds=300)
        await asyncio.sleep(LEFT_TO_THEMSELVES)
        for what in ("--all-behind", "--all-missing"):
            await operate(folder, what, f"older {what}", seen)
    seen.faults["older Temporal"] += 1


def is_ready(home: Home, part: str, before: str) -> bool:
    """Returns True once a process other than `before` does the work of a part."""
    pid = home.pid_file(part)
    return pid.exists() and pid.read_text(encoding="utf-8") != before and home.ready_file(part).exists()


async def operate(folder: Path, what: str, when: str, seen: Seen) -> None:
    """Runs `motcua filing restart`, and keeps its counts."""
    tallies = await restart_all(folder, what)
    counts = seen.runbook[when] = Counter()
    for tally in tallies.values():
        seen.still_wrong += [f"{when}: {one}" for one in tally.pop("still_wrong")]
        counts.update({name: n for name, n in tally.items() if isinstance(n, int)})


async def fault(pid: int, pause: float | None) -> None:
    """Kills a process; or pauses it for `pause` seconds."""
    if pause is None:
        os.kill(pid, signal.SIGKILL)
        return
    os.kill(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(pause)
    finally:
        os.kill(pid, signal.SIGCONT)


async def ask(env: Mapping[str, str], seen: Seen, seed: int) -> None:
    """Sends Temporal's own queries to running workflows, several at once."""
    client = await Client.connect(env["TEMPORAL_ADDRESS"], namespace=env["TEMPORAL_NAMESPACE"])
    choice = random.Random(seed)

    async def one(workflow_id: str) -> None:
        with suppress(RPCError, WorkflowQueryFailedError, TimeoutError):
            async with asyncio.timeout(5):
                await client.get_workflow_handle(workflow_id).query(choice.choice(STRAY))
        seen.queries += 1

    while True:
        with suppress(RPCError):
            running = [found.id async for found in client.list_workflows(RUNNING)]
            await each(one, choice.sample(running, min(20, len(running))))
        await asyncio.sleep(1)


async def watch(env: Mapping[str, str], seen: Seen) -> None:
    client = await Client.connect(env["TEMPORAL_ADDRESS"], namespace=env["TEMPORAL_NAMESPACE"])
    while True:
        with suppress(RPCError):
            for one in await stalled(client):
                seen.stalled.add(one.workflow_id)
                seen.longest_stall = max(seen.longest_stall, time.time() - one.since.timestamp())
        await asyncio.sleep(3)


async def replay(client: Client, seen: Seen) -> None:

    async def one(found: WorkflowExecution) -> None:
        history = await client.get_workflow_handle(found.id, run_id=found.run_id).fetch_history()
        replayer = Replayer(
            workflows=WORKFLOWS,
            namespace=client.namespace,
            data_converter=client.data_converter,
            workflow_runner=UnsandboxedWorkflowRunner(),
        )
        replayed = await replayer.replay_workflow(history, raise_on_replay_failure=False)
        seen.histories += 1
        if replayed.replay_failure is not None:
            if found.status is WorkflowExecutionStatus.TERMINATED:
                seen.ended_to_be_healed += 1
            else:
                seen.not_replayed.append(f"{found.id} {replayed.replay_failure}")

    await each(one, [found async for found in client.list_workflows()])


def stories(folder: Path) -> Path:
    """Returns a copy of the demo's stories with waits that are long enough for any fault, so that no actor is late."""
    told = yaml.safe_load(SCENARIOS.read_text(encoding="utf-8"))
    for story in told["scenarios"]:
        story["waits"] = {name: TO_ACT.get(name, seconds) for name, seconds in story.get("waits", {}).items()}
    copy = folder / "scenarios.yaml"
    copy.write_text(yaml.safe_dump(told, allow_unicode=True), encoding="utf-8")
    return copy


async def soak(given: argparse.Namespace, folder: Path) -> bool:
    """Runs the whole trial in this folder; returns True if every check passed."""
    home, seen = Home(folder / ".motcua"), Seen()
    mixed = ("--filings", str(given.filings), "--seed", str(given.seed), "--concurrency", str(given.concurrency))
    arguments = (*mixed, "--scenarios", str(stories(folder)))
    points = folder / "points"
    points.mkdir()
    async with up(folder, {CODEC: "on" if given.codec else "off", "MOTCUA_FAILPOINTS": str(points)}) as env:
        async with program(folder, "demo", *arguments, "--json", "out.json") as demo:
            operating = asyncio.Lock()
            faults = (
                die_at_points(points, given, seen, operating) if given.points else disturb(home, given, seen, operating)
            )
            beside = [asyncio.create_task(faults), asyncio.create_task(watch(env, seen))]
            if given.older:
                beside.append(asyncio.create_task(bring_back_an_older_temporal(folder, home, given, seen, operating)))
            if given.queries:
                beside.append(asyncio.create_task(ask(env, seen, given.seed)))
            code = await demo.wait()
            for task in beside:
                task.cancel()
            endings = await asyncio.gather(*beside, return_exceptions=True)
        client = await Client.connect(env["TEMPORAL_ADDRESS"], data_converter=sealing(data_converter, ring_in(env)))
        left = [f"{one.workflow_id} {one.reason}" for one in await stalled(client)]
        if given.older:
            for what in ("--all-behind", "--all-missing"):
                await operate(folder, what, f"at the end {what}", seen)
        took_over = home.log("worker").read_text(encoding="utf-8").count("workflow.took_over")
        await replay(client, seen)
        told = json.loads((folder / "out.json").read_text(encoding="utf-8"))
        twice = await not_once(env, told["filings"])
        unstated = await unrecorded(env)
    lost = [filing for filing in told["filings"] if not filing["ok"]]
    failed = [one for one in endings if isinstance(one, Exception)]
    report = {
        "demo": code,
        "filings": len(told["filings"]),
        "not as they must": lost,
        "one capture each": told["bank"]["one_capture_each"],
        "parcels, numbers and papers not once": twice,
        "known, but not recorded": unstated,
        "ledger verified": told["ledger"]["verified"],
        "faults": seen.faults,
        "queries": seen.queries,
        "codec": given.codec,
        "identity": env.get("MOTCUA_IDENTITY", "required"),
        "took over by themselves": took_over,
        "runbook": seen.runbook,
        "still wrong after it": seen.still_wrong,
        "stood still": sorted(seen.stalled),
        "longest, seconds": round(seen.longest_stall),
        "still stand still": left,
        "histories": seen.histories,
        "ended to be healed": seen.ended_to_be_healed,
        "not replayed": seen.not_replayed,
        "trial's own errors": [repr(one) for one in failed],
    }
    print(json.dumps(report, indent=1, ensure_ascii=False))  # noqa: T201 -- its result
    at_the_end = sum(counts["restarted"] for when, counts in seen.runbook.items() if when.startswith("at the end"))
    done = not given.older or seen.faults["older Temporal"] == 1
    wrong = (
        lost or left or twice or ACTS & unstated.keys() or seen.not_replayed or failed or seen.still_wrong or at_the_end
    )
    return code == 0 and done and not wrong


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak")
    parser.add_argument("--filings", type=int, default=2000)
    parser.add_argument("--concurrency", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=int, default=10_000, help="so many at most")
    parser.add_argument("--every", type=float, default=6, help="seconds between two faults, about")
    parser.add_argument("--pauses", type=float, default=0.7, help="share of the faults that are pauses of 2 to 4 s")
    parser.add_argument("--all-parts", action="store_true", help="not only the worker")
    parser.add_argument("--points", action="store_true", help="the worker dies between acts, findings and answers")
    parser.add_argument("--queries", action="store_true", help="throw Temporal's own queries at it")
    parser.add_argument(
        "--older", type=float, default=0, help="bring back a Temporal that was lost when so large a share was filed"
    )
    parser.add_argument("--since", type=int, default=200, help="events that the older one knows nothing of")
    parser.add_argument("--codec", action="store_true", help="seal what passes Temporal")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="motcua-soak-") as name:
        return 0 if asyncio.run(soak(given, Path(name).resolve())) else 1


if __name__ == "__main__":
    sys.exit(main())
