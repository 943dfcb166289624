"""Plays the demo's stories while an intruder works in Temporal, and makes the checks once the intruder has left."""

import argparse
import asyncio
import json
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from console.database import connected
from console.home import CODEC
from demo import insisting, player, report
from demo import running as demo
from demo.applicant import Filer
from demo.player import Played, Player
from demo.scenario import Scenario, load
from demo.speaking import speaker_of
from deploy.stack.registering import let_speak, publisher
from motcua.configured_speaker import authenticated_here
from motcua.files.store import Store, open_store
from motcua.payloads.codec import sealing
from motcua.payloads.converter import data_converter
from motcua.payloads.key_ring import ring_in
from recovery.histories import each
from recovery.stalled import stalled
from schemas.ids import DEFAULT_BACK_OFFICE_QUEUE
from tests.answering import EVIL, STRANGER
from tests.faults.losses import restart_all
from tests.faults.once import not_once
from tests.faults.processes import ENV, motcua, up, worker_process
from tests.faults.rogue.answers import strangers
from tests.faults.rogue.liar import CHOSEN
from tests.faults.rogue.wary import Departure, UnconfirmedAnswers, Wary
from tests.faults.soak import Seen, replay, stories, watch
from workers.build import own_build

AT_ONCE: Final = 25
AFTER: Final = 900.0
"""After the intruder has left, the seconds within which every story must end."""
PARTS: Final = ("answers", "tasks")
"""The acts of the intruder: it answers activities, and takes workflow tasks."""


@dataclass
class Found:
    """The results.

    Attributes:
        answered: The intruder's answers, by activity and way.
        heard: The answers to clients that the record does not confirm.
        tasks: The workflow tasks that the intruder completed, and the local answers in them, by activity.
    """

    answered: Counter[tuple[str, str]] = field(default_factory=Counter)
    heard: UnconfirmedAnswers = field(default_factory=UnconfirmedAnswers)
    tasks: Counter[str] = field(default_factory=Counter)
    figures: dict[str, Any] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)


async def trial(given: argparse.Namespace, folder: Path) -> Found:
    """Runs the whole trial in this folder."""
    found, seen = Found(), Seen()
    settings = {CODEC: "on" if given.codec else "off", "MOTCUA_IDENTITY": given.identity}
    async with up(folder, settings) as env:
        client = await Client.connect(
            env["TEMPORAL_ADDRESS"],
            namespace=env["TEMPORAL_NAMESPACE"],
            data_converter=sealing(data_converter, ring_in(env)),
        )
        watching = asyncio.create_task(watch(env, seen))
        played = await _play(env, folder, client, given, found)
        outcome = await demo.judge(env, played)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await _examine(env, folder, found, report.document(outcome))
        await replay(client, seen)
        await _count_tasks(client, found)
        left = [f"{one.workflow_id} {one.reason}" for one in await stalled(client)]
    found.figures |= {
        "stories": len(played),
        "longest, seconds": round(max(one.seconds for one in played)),
        "stood still": len(seen.stalled),
        "longest stall, seconds": round(seen.longest_stall),
        "histories": seen.histories,
        "ended to be healed": seen.ended_to_be_healed,
    }
    found.violations += [f"does not replay: {one}" for one in seen.not_replayed]
    found.violations += [f"stands still: {one}" for one in left]
    found.violations += [f"a receipt of ours that the record lacks: {one}" for one in found.heard.repeated]
    return found


async def _play(
    env: Mapping[str, str], folder: Path, client: Client, given: argparse.Namespace, found: Found
) -> list[Played]:
    """Plays the stories while the intruder comes and leaves."""
    scenarios = [one for one in load(stories(folder)) if not given.stories or one.name in given.stories]
    versions = await demo.publish(env["MOTCUA_OWNER_DATABASE_URL"], publisher(env), scenarios)
    await let_speak(env)
    departure = Departure()
    by = speaker_of(env)
    people = Wary(client, speaker=by, authenticated=authenticated_here(env), patience=AFTER)
    people.heard, people.departure, people.env = found.heard, departure, env
    longest = given.seconds + AFTER
    with patch.object(player, "LONGEST", longest), patch.object(insisting, "PATIENCE", longest):
        async with _stranger(env, folder, client, given, found):
            playing = asyncio.create_task(_all(env, Player(people, versions, demo._beside(env, people, by)), scenarios))
            await asyncio.sleep(given.seconds)
        departure.leave()
        _say(f"the stranger has left; {found.answered.total()} answers")
        operating = asyncio.create_task(_operate(folder, given.runbook, found))
        try:
            return await playing
        finally:
            operating.cancel()
            await asyncio.gather(operating, return_exceptions=True)


async def _operate(folder: Path, after: float, found: Found) -> None:
    """Follows the runbook for runs that have ended too early, once the other runs have continued."""
    await asyncio.sleep(after)
    for what in ("--all-behind", "--all-missing"):
        found.figures[f"runbook {what}"] = await restart_all(folder, what)


async def _all(env: Mapping[str, str], playing: Player, scenarios: Sequence[Scenario]) -> list[Played]:
    run, store = secrets.token_hex(4)[:7].upper(), Store(open_store(env["MOTCUA_OBJECTS"]))
    places = asyncio.Semaphore(AT_ONCE)

    async def one(n: int, scenario: Scenario) -> Played:
        async with places:
            filer = Filer(run, n, store, env["MOTCUA_TRUST_URL"])
            try:
                played = await playing.play(scenario, filer)
            except Exception as error:  # noqa: BLE001 -- one story must not end the others
                played = Played(scenario, filer.filing_id, "", problems=[repr(error)])
        _say(f"{played.seconds:4.0f} s {scenario.name} {played.problems or ''}")
        return played

    return list(await asyncio.gather(*(one(n, scenario) for n, scenario in enumerate(scenarios, 1))))


@asynccontextmanager
async def _stranger(
    env: Mapping[str, str], folder: Path, client: Client, given: argparse.Namespace, found: Found
) -> AsyncIterator[None]:
    """Lets the intruder answer activities and take tasks; in the end its process is killed."""
    async with AsyncExitStack() as there:
        if "tasks" in given.parts:
            lies = dict(env) | {CHOSEN: json.dumps(given.lies)}
            await there.enter_async_context(worker_process(lies, folder / "liar", module="tests.faults.rogue.liar"))
        if "answers" in given.parts:
            queues = await _agencies(env) if given.agencies else ()
            await there.enter_async_context(strangers(client, own_build(), queues, found.answered))
        yield


async def _agencies(env: Mapping[str, str]) -> Iterable[str]:
    async with connected(env["MOTCUA_SUPERUSER_DATABASE_URL"]) as connection:
        rows = await connection.fetch("select distinct queue from agency")
    return {DEFAULT_BACK_OFFICE_QUEUE, *(row["queue"] for row in rows)}


async def _examine(env: Mapping[str, str], folder: Path, found: Found, told: Mapping[str, Any]) -> None:
    """Searches the record, bank, post, signer and read models for acts that nobody ordered."""
    wrong = found.violations
    wrong += [f"{one['scenario']}: {'; '.join(one['problems'])}" for one in told["filings"] if one["problems"]]
    wrong += [] if told["ledger"]["verified"] else ["the record does not verify"]
    wrong += [] if told["bank"]["one_capture_each"] else ["the bank has not one capture of each fee"]
    wrong += [f"not once: {one}" for one in await not_once(env, told["filings"])]
    wrong += [f"invented, but recorded: {one}" for one in await _invented(env)]
    doctor = json.loads((await motcua(ENV, "doctor", "--json", "--lang", "en", folder=folder)).out)
    found.figures["doctor"] = doctor
    unordered = json.loads((await motcua(ENV, "reconcile", "--json", "--lang", "en", folder=folder)).out)
    wrong += [f"done without an order: {one['act']}" for one in unordered["unordered"] if one["ours"]]
    rebuilt = await motcua(ENV, "ledger", "rebuild", "--json", folder=folder)
    found.figures["rebuild"] = json.loads(rebuilt.out) if rebuilt.out else rebuilt.err


async def _invented(env: Mapping[str, str]) -> list[str]:
    """Returns the events that contain invented data of the intruder."""
    async with connected(env["MOTCUA_SUPERUSER_DATABASE_URL"]) as connection:
        rows = await connection.fetch("select stream, seq, kind, convert_from(body, 'UTF8') as body from event")
    return [f"{row['stream']} {row['seq']} {row['kind']}" for row in rows if f'"{EVIL}' in row["body"]]


async def _count_tasks(client: Client, found: Found) -> None:
    """Counts the workflow tasks that the intruder has completed, and the local answers in them."""

    async def one(workflow: Any) -> None:
        by_stranger = False
        async for event in client.get_workflow_handle(workflow.id, run_id=workflow.run_id).fetch_history_events():
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
                by_stranger = event.workflow_task_completed_event_attributes.identity.startswith(STRANGER)
                found.tasks["tasks"] += by_stranger
            elif by_stranger and event.marker_recorded_event_attributes.marker_name == "core_local_activity":
                data = event.marker_recorded_event_attributes.details["data"].payloads[0].data
                found.tasks[str(json.loads(data).get("activity_type"))] += 1

    await each(one, [workflow async for workflow in client.list_workflows()])


def as_json(found: Found, seconds: float) -> str:
    answers: dict[str, dict[str, int]] = {}
    for (name, way), n in sorted(found.answered.items()):
        answers.setdefault(name, {})[way] = n
    told = found.figures | {
        "seconds": round(seconds),
        "answers of the stranger": answers,
        "tasks of the stranger": dict(sorted(found.tasks.items())),
        "receipts that the record lacks": dict(found.heard.forged),
        "refusals meanwhile": dict(sorted(found.heard.refused.items())),
        "violations": found.violations,
    }
    return json.dumps(told, indent=1, ensure_ascii=False)


def _say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what}", flush=True)  # noqa: T201 -- progress of a program
