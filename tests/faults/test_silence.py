"""Silent approval, or an officer's decision at the last moment: exactly one of them counts, as the history shows."""

import asyncio
import json
import os
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from temporalio.worker import Replayer

from motcua.errors import NotAllowed
from motcua.payloads.converter import data_converter
from publishing.authoring import procedures
from schemas.filing import commands as cm
from schemas.filing.events import Clock
from schemas.filing.submission import Submission
from schemas.ids import filing_workflow
from schemas.people import Role
from tests.acting import FILE, Play, birth, eventually
from tests.conftest import ROOT, World
from tests.tiers import examples
from workers.wiring import WORKFLOWS

NOTICE: Final = "1.004645"
"""A notice of advertising on a billboard or banner, which the law approves by silence."""
RACES: Final = int(os.environ.get("MOTCUA_RACES", examples(50, few=16)))
BATCH: Final = 50
LIMIT: Final = 10
LATE_LIMIT: Final = 5
SPREAD: Final = timedelta(milliseconds=200)
CLOSE: Final = timedelta(milliseconds=50)
PREPARED_AT_ONCE: Final = 4
SAMPLE: Final = 10


def notice(version: str) -> Submission:
    return birth(
        procedure=NOTICE,
        agency="H01.05",
        version=version,
        form={"medium": "banner", "banners": 2, "location": "1 Phố Thử", "shown_from": "2026-12-24"},
        papers=[{"code": code, "file": FILE} for code in ("notice", "design")],
    )


@dataclass(frozen=True)
class Race:
    """A filing: the instant of silent approval, the time of the decision, and the rule that refused the decision."""

    play: Play
    due: datetime
    sent: datetime
    refused: str | None

    @property
    def close(self) -> bool:
        """Returns whether the decision was sent within 50 ms of the due instant."""
        return abs(self.sent - self.due) <= CLOSE


async def publish(world: World, seconds: int) -> str:
    """Publishes a version with approval by silence after `seconds`; returns the version's name."""
    file = (ROOT / "procedures" / f"{NOTICE}@2026-12.yaml").read_bytes()
    variant = procedures.demo_variant(file, {"processing": seconds}, suffix="silence")
    return (await procedures.publish(world.owner_dsn, variant, demo=True)).version


async def at_decision(world: World, version: str) -> Play:
    play = await Play.accepted(world, notice(version))
    await play.act(cm.Claim, play.officer(Role.SPECIALIST))
    await play.act(cm.Propose, play.officer(Role.SPECIALIST), outcome="approved")
    await play.act(cm.Claim, play.officer(Role.LEADER))
    return play


async def refuse(play: Play) -> None:
    """Refuses a filing that silence would approve."""
    why = {"reason": "che biển báo", "legal_basis": "Luật Quảng cáo"}
    await play.act(cm.Decide, play.officer(Role.LEADER), outcome="refused", **why)


async def race(world: World, version: str, gate: asyncio.Semaphore, offset: timedelta) -> Race:
    """Brings a filing to its decision; its officer then decides at `offset` from the instant of silent approval."""
    async with gate:
        play = await at_decision(world, version)
        due = await silence_at(world, play)
    await asyncio.sleep((due + offset - datetime.now(UTC)).total_seconds())
    sent, refused = datetime.now(UTC), None
    try:
        await refuse(play)
    except NotAllowed as error:
        refused = error.refusal.problems[0].rule
    return Race(play, due, sent, refused)


async def silence_at(world: World, play: Play) -> datetime:
    """Returns the time at which silence approves the filing."""
    return next(state.due for state in await world.client.clocks(play.filing) if state.clock is Clock.PROCESSING)


async def run(world: World, version: str, races: int) -> list[Race]:
    """Runs this number of races at once, with decisions spread evenly around the due instants; returns the races."""
    gate = asyncio.Semaphore(PREPARED_AT_ONCE)
    offsets = [SPREAD * ((2 * n + 1) / races - 1) for n in range(races)]
    run = await asyncio.gather(*(race(world, version, gate, offset) for offset in offsets))
    async with world.back_office(), world.connection() as connection:
        await eventually(
            lambda: connection.fetchval("select count(*) from filing where closed_at is null"), lambda n: n == 0
        )
    return run


async def decisions(world: World) -> dict[str, list[Any]]:
    """Returns the decisions of each filing: the time of judgement, and whether silence decided."""
    found: dict[str, list[Any]] = {}
    for row in await world.fetch("select stream, occurred_at, body from event where kind = 'decided'"):
        by_silence = "silence" in json.loads(row["body"])
        found.setdefault(row["stream"], []).append((row["occurred_at"], by_silence))
    return found


async def replay(world: World, races: list[Race]) -> None:
    """Replays the histories of the races that were closest."""
    replayer = Replayer(workflows=WORKFLOWS, data_converter=data_converter)
    for race in sorted(races, key=lambda race: abs(race.sent - race.due))[:SAMPLE]:
        handle = world.temporal.get_workflow_handle(filing_workflow(race.play.filing))
        await replayer.replay_workflow(await handle.fetch_history())


@pytest.mark.timeout(60 + RACES)
async def test_silence_or_the_officer_decides_never_both(
    world: World, record_property: Callable[[str, object], None]
) -> None:
    """`MOTCUA_RACES` is the number of races; the counts are stored as properties of the test."""
    version = await publish(world, LIMIT)
    races: list[Race] = []
    async with world.platform():
        while (left := RACES - len(races)) > 0:
            races += await run(world, version, min(left, BATCH))
    decided = await decisions(world)
    for race in races:
        ((judged, by_silence),) = decided[filing_workflow(race.play.filing)]
        assert by_silence == (race.refused is not None) == (judged >= race.due)
        assert race.refused in {None, "silence_has_approved", "wrong_stage"}
        assert by_silence or race.sent < race.due
    winners = Counter("officer" if race.refused is None else "silence" for race in races)
    close = Counter("officer" if race.refused is None else "silence" for race in races if race.close)
    record_property("winners", dict(winners))
    record_property("winners within 50 ms", dict(close))
    record_property("rules", dict(Counter(str(race.refused) for race in races)))
    assert winners.keys() == {"officer", "silence"}
    await replay(world, races)


async def suspend(play: Play) -> None:
    stop = {"mode": "suspend", "reason": "chờ ý kiến", "legal_basis": "Luật Quảng cáo"}
    await play.act(cm.Stop, play.officer(Role.LEADER), **stop)


@pytest.mark.parametrize("act", [refuse, suspend])
async def test_what_waited_for_a_worker_until_the_limit_was_over_is_too_late(
    world: World, act: Callable[[Play], Coroutine[None, None, None]]
) -> None:
    """The act is sent in time, but judged after the limit: a worker finds the act and the fired timer waiting."""
    async with world.platform():
        play = await at_decision(world, await publish(world, LATE_LIMIT))
        due = await silence_at(world, play)
    acting = asyncio.create_task(act(play))
    left = due - datetime.now(UTC)
    assert left > timedelta(), "the workers took longer than the limit"
    await asyncio.sleep((left + SPREAD).total_seconds())
    async with world.platform():
        with pytest.raises(NotAllowed, match="silence_has_approved"):
            await acting
        decided = await eventually(lambda: decisions(world), bool)
    (((judged, by_silence),),) = decided.values()
    assert by_silence
    assert judged >= due
    await replay(world, [Race(play, due, due, "silence_has_approved")])
