"""One run of the demo on a stack: publish, file and play everything, then ask the record, the bank, the store."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from temporalio.client import Client

from deploy.demo import bank
from deploy.demo.absence import Absences
from deploy.demo.applicant import Filer
from deploy.demo.insisting import PATIENCE
from deploy.demo.judging import differences, missing_result
from deploy.demo.player import Played, Player
from deploy.demo.record import Record, Told, patiently
from deploy.demo.scenario import Edition, Scenario
from motcua import FilingClient
from motcua.store import Store, open_store
from operations import ledger_verifier
from operations.publishing import catalogue
from operations.publishing.calendars import CALENDAR, has_calendar, publish_calendar
from schemas.ids import digest

LONG: Final = dict.fromkeys(catalogue.DEMO_SECONDS, 600) | {"notice": 1}
"""How long procedures wait, unless a story says otherwise: what must not happen has time for many restarts."""

Versions = Mapping[Edition, str]


@dataclass(frozen=True)
class Verdict:
    """One filing at the end of the run, with every difference from what had to come of it."""

    played: Played
    told: Told | None
    problems: list[str]


@dataclass(frozen=True)
class Outcome:
    """The whole run."""

    verdicts: Sequence[Verdict]
    ledger: ledger_verifier.Report
    money: bank.Money

    @property
    def ok(self) -> bool:
        """Whether every filing, the ledger and the bank are exactly as they must be."""
        every = all(not verdict.problems for verdict in self.verdicts)
        return every and self.ledger.verified and self.money.one_capture_each


async def publish(owner: str, scenarios: Iterable[Scenario]) -> Versions:
    """The directory, and the procedures as the scenarios need them; the version of each edition."""
    await patiently(partial(_calendar, owner))
    await patiently(partial(_directory, owner))
    sources = _sources()
    return {
        edition: (await patiently(partial(_publish, owner, sources[edition[0]], edition))).version
        for edition in sorted({scenario.edition for scenario in scenarios})
    }


def _sources() -> dict[str, bytes]:
    """The files of the catalogue, by code."""
    files = (file.read_bytes() for file in sorted(catalogue.PROCEDURES.glob("*.yaml")))
    checked = ((catalogue.check_bytes(source).procedure, source) for source in files)
    return {procedure.code: source for procedure, source in checked if procedure is not None}


async def _calendar(owner: str) -> None:
    if not await has_calendar(owner):
        await publish_calendar(owner, CALENDAR.read_bytes())


async def _directory(owner: str) -> None:
    await catalogue.seed_directory(owner, catalogue.DIRECTORY.read_bytes())


async def _publish(owner: str, source: bytes, edition: Edition) -> catalogue.Published:
    """A version never changes: for a file that did since an earlier demo, a version of another name."""
    waits = dict(edition[1])
    suffix = f"demo-{digest(waits)[:6]}" if waits else "demo"
    made = catalogue.demo_variant(source, LONG | waits, suffix=suffix)
    try:
        return await catalogue.publish(owner, made, demo=True)
    except catalogue.VersionPublishedError:
        suffix = f"demo-{hashlib.sha256(made).hexdigest()[:6]}"
        return await catalogue.publish(owner, catalogue.demo_variant(source, LONG | waits, suffix=suffix), demo=True)


async def play(
    env: Mapping[str, str],
    scenarios: Sequence[Scenario],
    versions: Versions,
    concurrency: int,
    ended: Callable[[Played], None],
) -> list[Played]:
    """Play all scenarios, so many at once, each under a name that no other run has."""
    client = await Client.connect(env["TEMPORAL_ADDRESS"], namespace=env["TEMPORAL_NAMESPACE"], lazy=True)
    run = "".join(secrets.choice(string.digits + string.ascii_uppercase) for _ in range(7))
    store = Store(open_store(env["MOTCUA_OBJECTS"]))
    places = asyncio.Semaphore(concurrency)

    async def one(player: Player, n: int, scenario: Scenario) -> Played:
        async with places:
            played = await player.play(scenario, Filer(run, n, store))
        ended(played)
        return played

    async with FilingClient(client, patience=PATIENCE) as filings, asyncio.TaskGroup() as group:
        player = Player(filings, versions, Absences(filings, env["MOTCUA_OWNER_DATABASE_URL"]).words)
        tasks = [group.create_task(one(player, n, scenario)) for n, scenario in enumerate(scenarios, 1)]
    return [task.result() for task in tasks]


async def judge(env: Mapping[str, str], run: Sequence[Played]) -> Outcome:
    """What the record, the bank and the object store say, once everything has ended."""
    store = Store(open_store(env["MOTCUA_OBJECTS"]))
    money = await bank.ask(env["MOTCUA_BANK_URL"], run)
    verdicts = []
    async with Record.opened(env) as record:
        for played in run:
            told = await record.read(played)
            problems = differences(played, told) + money.problems.get(played.filing_id, [])
            if told is not None:
                problems += await missing_result(told.filing, store)
            verdicts.append(Verdict(played, told, problems))
    report = await patiently(partial(ledger_verifier.verify, env["MOTCUA_DATABASE_URL"]))
    return Outcome(verdicts, report, money)
