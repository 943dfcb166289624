"""Erases filings of every story of the demo, while parts of the stack and the erasing runs are killed."""

import argparse
import asyncio
import json
import random
import signal
import time
import traceback
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from temporalio.client import Client

from activities.ledger.vault import Vault
from console.database import while_away
from console.home import CODEC, Home
from demo import running
from demo.player import Played
from demo.scenario import SCENARIOS, Scenario, load, mix
from deploy.stack.registering import publisher
from operations.evidence.bindings import unbound
from operations.rebuilding import rebuild
from rules.streams import KINDS
from tests.faults.erasures import reading, traces
from tests.faults.erasures.record import Record
from tests.faults.processes import ENV, motcua, up
from tests.faults.soak import Seen, disturb
from tests.forked import forked
from verifier import ledger as ledger_verifier
from views.log import Connection, Log

POINTS: Final = ("erasure.erasing", "erasure.erased", "erasure.files", "erasure.executions", "erasure.finished")
MOST: Final = 6
"""The maximum number of filings in one request."""


@dataclass
class Report:
    """The figures of the trial, and everything that was wrong."""

    filings: int = 0
    stories: int = 0
    erased: int = 0
    erased_stories: int = 0
    never: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    runs: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    neighbours: int = 0
    lines: int = 0
    rows_that_changed: Counter[str] = field(default_factory=Counter)
    traces_before: int = 0
    in_temporal_alone: int = 0
    wrong: list[str] = field(default_factory=list)
    seconds: dict[str, int] = field(default_factory=dict)

    def must(self, what: str, found: Any) -> None:
        if found:
            self.wrong.append(f"{what}: {found}")


async def play(env: Mapping[str, str], scenarios: Sequence[Scenario], concurrency: int) -> list[Played]:
    """Files and plays the stories; their outcomes are checked by another trial."""
    versions = await running.publish(env["MOTCUA_OWNER_DATABASE_URL"], publisher(env), scenarios)
    return await running.play(env, scenarios, versions, concurrency, lambda _: None)


def stories(given: argparse.Namespace) -> list[Scenario]:
    """Returns a mix of the stories; a complaint is possible for `appeal` seconds."""
    chosen = mix(load(SCENARIOS), given.filings, given.seed)
    return [one.model_copy(update={"waits": {"appeal": given.appeal} | one.waits}) for one in chosen]


async def free(record: Record, filings: Collection[UUID], given: argparse.Namespace, report: Report) -> list[UUID]:
    """Waits until all these filings can be erased, or until the time limit; returns those that can be erased."""
    deadline, hindered = time.monotonic() + 2 * given.appeal + given.patience, dict[UUID, list[str]]()
    while time.monotonic() < deadline:
        hindered = await record.hindered(filings)
        if not any(hindered.values()):
            break
        await asyncio.sleep(2)
    report.never.update("+".join(why) for why in hindered.values() if why)
    return sorted(filing for filing, why in hindered.items() if not why)


def drawn(free: Iterable[UUID], story: Mapping[UUID, str], most: int, chance: random.Random) -> list[UUID]:
    """Draws up to `most` of the filings: first one filing of each story, then others."""
    shuffled = sorted(free)
    chance.shuffle(shuffled)
    seen, first, then = set[str](), list[UUID](), list[UUID]()
    for filing in shuffled:
        (then if story[filing] in seen else first).append(filing)
        seen.add(story[filing])
    return (first + then)[:most]


async def erase(record: Record, folder: Path, wanted: list[UUID], chance: random.Random, report: Report) -> None:
    """Requests the erasures a few at a time; after each request, `motcua erasures finish` runs, mostly to be killed."""
    while wanted:
        few = [wanted.pop() for _ in range(min(len(wanted), chance.randint(1, MOST)))]
        command = uuid4().hex
        await while_away(lambda few=few, command=command: record.ask(few, command))  # type: ignore[misc]
        report.requests += 1
        report.runs[await run(folder, chance)] += 1


async def run(folder: Path, chance: random.Random) -> str:
    """Runs `motcua erasures finish`; returns its end: killed at a failpoint, killed at a random moment, or normal."""
    points = folder / "failpoints"
    points.mkdir(exist_ok=True)
    point = chance.choice((*POINTS, None, None))
    if point is not None:
        (points / point).touch()
    with (folder / "finish.out").open("ab") as out:
        words, own = ("motcua.command", "erasures", "finish", "--json"), ENV | {"MOTCUA_FAILPOINTS": str(points)}
        process = forked(*words, env=own, cwd=folder, stdout=out, stderr=out)
    try:
        code = await asyncio.wait_for(process.wait(), None if point else chance.uniform(1, 6))
    except TimeoutError:
        process.kill()
        code = await process.wait()
    for left in points.iterdir():
        left.unlink()
    if code == -signal.SIGKILL:
        return f"killed at {point or 'some moment'}"
    return f"ended with {code}"


async def finished(record: Record, folder: Path, report: Report) -> None:
    """Finishes the remaining erasures, in runs that are not killed."""
    for _ in range(10):
        ended = await motcua(ENV, "erasures", "finish", "--json", folder=folder)
        report.runs[f"ended with {ended.code}"] += 1
        if ended.code == 0 and not await while_away(record.unfinished):
            return
        await asyncio.sleep(3)
    report.must("not all is erased", f"{ended.out} {ended.err}")


async def checked(record: Record, erased: list[UUID], others: dict[UUID, Any], report: Report) -> None:
    """Checks that the record verifies and can be read, and that no data of an erased person can be decrypted."""
    report.must("the record", (await ledger_verifier.verify(record.env["MOTCUA_DATABASE_URL"])).problems)
    vault = Vault(record.master)  # a new one, without cached keys
    async with record.connection() as connection:
        report.must("bound", await unbound(connection, vault))
        log = Log(connection, vault.find, KINDS)
        report.must(
            "keys", await connection.fetchval("select count(*) from filing_key where filing_id = any($1)", erased)
        )
        for row in await connection.fetch(_STREAMS, erased, list(KINDS)):
            told = await log.read(row["stream"])
            report.must(row["stream"], [] if told.events[-1].event.kind == "erased" else "it is not erased")
        for filing in erased:
            report.must(str(filing), "CANARY" in await said_of(connection, vault, filing, report))
            report.must("bundle", await reading.bundled(connection, filing))
        report.lines = await reading.registers(connection, vault)
        report.must("neighbours", reading.lacking(others, await reading.whole(connection, vault, [*others])))
        for filing in others:
            await said_of(connection, vault, filing, report)
    again = await rebuild(record.owner, record.master, lambda *_: None)
    report.must("rebuild", {table: n for table, n in again.changed.items() if n})
    report.must("files", traces.files_of(Path(urlsplit(record.env["MOTCUA_OBJECTS"]).path), erased))
    report.must("executions", await executions(record.env, erased))


async def said_of(connection: Connection, vault: Vault, filing: UUID, report: Report) -> str:
    """Returns as text all that is shown of a filing; empty after a failure, which is recorded as wrong."""
    try:
        return repr(await reading.read(connection, vault, filing))
    except Exception as error:  # noqa: BLE001 -- each filing that can't be read is reported, not the first alone
        where = traceback.extract_tb(error.__traceback__)[-1]
        report.must(f"{filing} can't be read", f"{error!r} in {where.filename}:{where.lineno}")
        return ""


async def executions(env: Mapping[str, str], erased: Iterable[UUID], patience: int = 30) -> list[str]:
    """Waits up to `patience` s for Temporal to remove these filings' workflows; returns those that it still lists."""
    client, wanted, found = await Client.connect(env["TEMPORAL_ADDRESS"]), set(map(str, erased)), list[str]()
    for _ in range(patience):
        found = [one.id async for one in client.list_workflows() if wanted & set(one.id.split(":"))]
        if not found:
            break
        await asyncio.sleep(1)
    return found


async def trial(given: argparse.Namespace, folder: Path) -> Report:
    """Runs the whole trial in this folder."""
    report, home, chance = Report(), Home(folder / ".motcua"), random.Random(given.seed)
    more, began = {CODEC: "on" if given.codec else "off"}, time.monotonic()

    def took(what: str) -> None:
        report.seconds[what] = round(time.monotonic() - began)

    async with up(folder, more) as env:
        record = Record(env)
        erased, others = await chosen(record, given, chance, report)
        submissions, rows = await record.submissions(erased), await record.rows(erased)
        report.traces_before = len(traces.marked_files(folder, submissions))
        report.must("nobody would see that traces are gone", not report.traces_before)
        await record.let_it_pass(erased)
        took("ready to erase")
        seen = Seen()
        beside = asyncio.create_task(disturb(home, given, seen, asyncio.Lock()))
        more_filings = asyncio.create_task(play(record.env, stories(given)[: given.beside], given.concurrency))
        await erase(record, folder, [*erased], chance, report)
        beside.cancel()
        await asyncio.gather(beside, return_exceptions=True)
        report.faults = seen.faults
        took("erased under kills")
        await more_filings
        await finished(record, folder, report)
        took("finished")
        changed = ((rows[filing], row) for filing, row in (await record.rows(erased)).items())
        report.rows_that_changed.update(name for before, row in changed for name in row if row[name] != before[name])
        await checked(record, erased, others, report)
        await record.let_it_pass(erased)
        took("checked")
    on_the_disk(given, folder, report, submissions)
    for file in (home.root / "temporal").iterdir():
        file.unlink()
    async with up(folder, more) as env:
        await started_again(Record(env), folder, erased, report)
        took("started again without Temporal's files")
    report.must("a trace after the deletion", traces.marked_files(folder, submissions))
    return report


async def chosen(
    record: Record, given: argparse.Namespace, chance: random.Random, report: Report
) -> tuple[list[UUID], dict[UUID, Any]]:
    """Files and plays the stories; returns the filings to erase, and all the data of the others."""
    played = [one for one in await play(record.env, stories(given), given.concurrency) if one.code is not None]
    story = {one.filing_id: one.scenario.name for one in played}
    report.filings, report.stories = len(story), len(set(story.values()))
    wanted = drawn(await free(record, list(story), given, report), story, given.erasures, chance)
    report.must("too few can be erased", max(0, given.erasures - len(wanted)))
    async with record.connection() as connection:
        others = await reading.whole(connection, record.vault, [one for one in story if one not in wanted])
    report.erased, report.erased_stories = len(wanted), len({story[one] for one in wanted})
    report.neighbours = len(others)
    return wanted, others


def on_the_disk(given: argparse.Namespace, folder: Path, report: Report, submissions: Sequence[str]) -> None:
    """Checks that the disk has no trace of an erased person; without the codec, Temporal's files may have some."""
    left = traces.marked_files(folder, submissions)
    in_temporal = {name for name in left if given.codec is False and name.startswith(".motcua/temporal/")}
    report.in_temporal_alone = len(set[str]().union(*(left[name] for name in in_temporal)))
    report.must("a trace", sorted(left.keys() - in_temporal))


async def started_again(record: Record, folder: Path, erased: list[UUID], report: Report) -> None:
    """Checks that all open streams restart from the record, except those of erased filings, which do not."""
    ended = await motcua(ENV, "filing", "restart", "--all-missing", folder=folder)
    report.must("restart", ended.code and f"{ended.out} {ended.err}")
    report.must("executions after the restart", await executions(record.env, erased, patience=1))
    looked = json.loads((await motcua(ENV, "doctor", "--json", folder=folder)).out)["findings"]
    wanted = {"lost", "erasures", "read_models"}
    report.must("doctor", [one for one in looked if one["check"] in wanted and one["health"] != "ok"])
    report.must("the record", (await ledger_verifier.verify(record.env["MOTCUA_DATABASE_URL"])).problems)


_STREAMS: Final = """
select stream from stream
where filing_id = any($1) and head_seq > 0 and split_part(stream, ':', 1) = any($2) order by stream
"""
