"""One run of the demo on a stack: publishes, plays all scenarios, then checks record, bank and object store."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import string
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

import yaml
from temporalio.client import Client

from demo.applicant import Filer
from demo.insisting import PATIENCE
from demo.judging import differences
from demo.patience import patiently
from demo.player import Beside, Played, Player
from demo.record import FilingOnRecord, Record
from demo.results import Results
from demo.scenario import Edition, Scenario
from demo.speaking import speaker_of
from demo.world import bank
from demo.world.absence import Absences
from demo.world.paying import Paying
from demo.world.suspense import InSuspense
from demo.world.tills import Tills
from motcua import FilingClient
from motcua.configured_speaker import authenticated_here
from motcua.files.store import Store, open_store
from motcua.payloads.codec import sealing
from motcua.payloads.converter import data_converter
from motcua.payloads.key_ring import ring_in
from motcua.signing import Speaker
from motcua.tracing.setting import interceptors
from publishing.authoring import procedures
from publishing.authoring.calendars import CALENDAR, has_calendar, publish_calendar
from publishing.authoring.provinces import PROVINCES, publish_province
from rules.source import parse
from rules.time.working_time import VIETNAM
from schemas.ids import digest
from schemas.publishing.procedure import Procedure
from schemas.publishing.province import ProvinceOverlay
from verifier import ledger as ledger_verifier

LONG: Final = {name: 600 for name in procedures.DEMO_SECONDS if name not in procedures.ASKED_FOR} | {
    "notice": 1,
    "dialogue": 1,
}
"""Seconds of the procedures' waits that a scenario does not set: long enough that none ends early during restarts."""

RECEIPTS: Final = 60.0
"""Seconds to wait until a receipt is issued or voided."""
_PAUSE: Final = 0.5

Versions = Mapping[Edition, str]


@dataclass(frozen=True)
class Verdict:
    """One filing at the end of the run, with every difference from its expected outcome."""

    played: Played
    recorded: FilingOnRecord | None
    problems: list[str]


@dataclass(frozen=True)
class Outcome:
    """The outcome of a whole run."""

    verdicts: Sequence[Verdict]
    ledger: ledger_verifier.Report
    money: bank.Money

    @property
    def ok(self) -> bool:
        """True if every filing, the ledger and the bank are exactly as expected."""
        every = all(not verdict.problems for verdict in self.verdicts)
        return every and self.ledger.verified and self.money.one_capture_each


async def publish(owner: str, by: procedures.Publisher, scenarios: Iterable[Scenario]) -> Versions:
    """Publishes calendar, directory, provinces, and the scenarios' editions; returns the version of each edition."""
    await patiently(partial(_calendar, owner))
    await patiently(partial(_directory, owner, by))
    sources, overlays = _sources(), [file.read_bytes() for file in sorted(PROVINCES.glob("*.yaml"))]
    differing: set[Edition] = {(code, ()) for overlay in overlays for code in _codes(overlay)}
    versions = {
        edition: (await patiently(partial(_publish, owner, sources[edition[0]], edition))).version
        for edition in sorted({scenario.edition for scenario in scenarios} | differing)
    }
    for overlay in overlays:
        await patiently(partial(_province, owner, by, overlay))
    return versions


def _sources() -> dict[str, bytes]:
    """Returns the catalogue's procedure files by code: of several versions, the latest that is in force already."""
    files = (file.read_bytes() for file in sorted(procedures.PROCEDURES.glob("*.yaml")))
    checked = ((procedures.check_bytes(source).procedure, source) for source in files)
    return {procedure.code: source for procedure, source in checked if procedure and not _is_coming(procedure)}


def _is_coming(procedure: Procedure) -> bool:
    first = None if procedure.validity is None else procedure.validity.valid_from
    return first is not None and first > datetime.now(VIETNAM).date()


def _codes(overlay: bytes) -> Iterable[str]:
    """Returns the codes of the procedures that a province's file changes or adds."""
    said = ProvinceOverlay.model_validate(parse(overlay).value)
    return [*said.fees, *(own.code for own in said.own)]


async def _calendar(owner: str) -> None:
    if not await has_calendar(owner):
        await publish_calendar(owner, CALENDAR.read_bytes())


async def _directory(owner: str, by: procedures.Publisher) -> None:
    await procedures.seed_directory(owner, procedures.DIRECTORY.read_bytes(), by)


async def _publish(owner: str, source: bytes, edition: Edition) -> procedures.Published:
    """Publishes an edition. Versions never change: a file changed since an earlier demo gets a new version name."""
    waits = dict(edition[1])
    suffix = f"demo-{digest(waits)[:6]}" if waits else "demo"
    made = procedures.demo_variant(source, LONG | waits, suffix=suffix)
    try:
        return await procedures.publish(owner, made, demo=True)
    except procedures.VersionPublishedError:
        suffix = f"demo-{hashlib.sha256(made).hexdigest()[:6]}"
        return await procedures.publish(owner, procedures.demo_variant(source, LONG | waits, suffix=suffix), demo=True)


async def _province(owner: str, by: procedures.Publisher, overlay: bytes) -> None:
    """Publishes a province. Versions never change: a file changed since an earlier demo gets a new version name."""
    try:
        await publish_province(owner, overlay, by)
    except procedures.VersionPublishedError:
        named = {"version": f"0{hashlib.sha256(overlay).hexdigest()[:6]}"}
        await publish_province(owner, yaml.safe_dump(parse(overlay).value | named).encode(), by)


async def play(  # noqa: PLR0913 -- two are options, by name
    env: Mapping[str, str],
    scenarios: Sequence[Scenario],
    versions: Versions,
    concurrency: int,
    ended: Callable[[Played], None],
    *,
    every: float = 0,
    kit: Callable[..., FilingClient] = FilingClient,
) -> list[Played]:
    """Plays all scenarios, `concurrency` at once, under a new name for the run; calls `ended` after each.

    `every`: the minimum number of seconds between the starts of two scenarios; `kit`: makes the client.
    """
    client = await Client.connect(
        env["TEMPORAL_ADDRESS"],
        namespace=env["TEMPORAL_NAMESPACE"],
        data_converter=sealing(data_converter, ring_in(env)),
        interceptors=interceptors(),
        lazy=True,
    )
    run = "".join(secrets.choice(string.digits + string.ascii_uppercase) for _ in range(7))
    store = Store(open_store(env["MOTCUA_OBJECTS"]))
    places = asyncio.Semaphore(concurrency)

    async def one(player: Player, n: int, scenario: Scenario) -> Played:
        await asyncio.sleep(every * (n - 1))
        async with places:
            played = await player.play(scenario, Filer(run, n, store, env["MOTCUA_TRUST_URL"]))
        ended(played)
        return played

    by, how = speaker_of(env), authenticated_here(env)
    speaking = kit(client, speaker=by, authenticated=how, patience=PATIENCE)
    async with speaking as filings, asyncio.TaskGroup() as group:
        player = Player(filings, versions, _beside(env, filings, by))
        tasks = [group.create_task(one(player, n, scenario)) for n, scenario in enumerate(scenarios, 1)]
    return [task.result() for task in tasks]


async def _wrong_receipts(played: Played, record: Record) -> list[str]:
    """Returns a problem if the valid receipts are not as expected. Waits up to `RECEIPTS` for missing ones."""
    if played.scenario.expected is None or (wanted := played.scenario.expected.receipts) is None:
        return []
    deadline = time.monotonic() + RECEIPTS
    while (found := await record.receipts(played)) != wanted and time.monotonic() < deadline:  # noqa: ASYNC110 -- another process issues them
        await asyncio.sleep(_PAUSE)
    return [] if found == wanted else [f"receipts: expected {list(wanted)}, found {list(found)}"]


def _beside(env: Mapping[str, str], filings: FilingClient, by: Speaker | None) -> Mapping[str, Beside]:
    database = env["MOTCUA_DATABASE_URL"]
    return {
        **Absences(filings, env["MOTCUA_OWNER_DATABASE_URL"]).words,
        **Paying(env["MOTCUA_BANK_URL"]).words,
        **Tills(database).words,
        **InSuspense(database, env["MOTCUA_MASTER_KEY"], by).words,
    }


async def judge(env: Mapping[str, str], run: Sequence[Played]) -> Outcome:
    """Compares record, bank and results with the expectations, once everything has ended."""
    money = await bank.ask(env["MOTCUA_BANK_URL"], run)
    verdicts = []
    async with Record.opened(env) as record, Results.opened(env) as results:
        for played in run:
            told = await record.read(played)
            problems = differences(played, told) + money.problems.get(played.filing_id, [])
            problems += await _wrong_receipts(played, record)
            if told is not None:
                problems += await results.problems(await record.results(played))
            verdicts.append(Verdict(played, told, problems))
    report = await patiently(partial(ledger_verifier.verify, env["MOTCUA_DATABASE_URL"]))
    return Outcome(verdicts, report, money)
