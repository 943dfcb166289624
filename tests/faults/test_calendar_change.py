"""A holiday is declared late: every running filing and payment gets its new times once, although processes die."""

import json
import os
from collections import Counter
from functools import partial
from pathlib import Path

import yaml

from publishing.authoring.calendars import CALENDAR
from rules.source import parse
from tests.acting import EXTRACT, NEVER_PAYS, Play, eventually, extract, publish_short
from tests.conftest import World
from tests.faults.processes import motcua, worker_process
from tests.forked import forked

FILINGS = 30
PAYING = 5


async def turned(world: World) -> Counter[str]:
    """Returns the number of changes of calendar that each stream has recorded."""
    rows = await world.fetch("select stream from event where kind like '%calendar_changed'")
    return Counter(row["stream"] for row in rows)


def declared_late(folder: Path) -> Path:
    """Returns the file of a calendar with one more day off."""
    calendar = parse(CALENDAR.read_bytes(), as_text=True).value
    day = {"date": calendar["valid_until"], "kind": "off", "source": "test"}
    calendar |= {"version": "2026-12-test", "overlays": [*calendar["overlays"], {"days": [day]}]}
    file = folder / "late.yaml"
    file.write_text(yaml.safe_dump(calendar, allow_unicode=True), encoding="utf-8")
    return file


async def test_a_calendar_published_while_worker_and_command_are_killed_reaches_everything_once(
    world: World, tmp_path: Path
) -> None:
    version = await publish_short(world, EXTRACT, intake=3600, payment=3600)  # more than a slow machine takes
    async with world.platform(), world.back_office():
        waits = partial(extract, version=version, payer_account=NEVER_PAYS)
        plays = [await Play.begin(world, waits()) for _ in range(FILINGS)]
        for play in plays[:PAYING]:
            await play.accept()
            await eventually(partial(play.kinds, "payment", 1), bool)
    file = declared_late(tmp_path)
    async with worker_process(world.process_env, tmp_path) as worker:
        own = {**os.environ, **world.process_env}
        command = forked("motcua.command", "calendar", "publish", file, env=own, cwd=tmp_path)
        await eventually(lambda: turned(world), bool)
        worker.arm("ledger.committed")
        await worker.died()
        command.kill()
        await command.wait()
    halfway = len(await turned(world))
    async with worker_process(world.process_env, tmp_path):
        ended = await motcua(world.process_env, "calendar", "publish", str(file), "--json", folder=tmp_path)
    assert ended.code == 0, ended.err
    told = json.loads(ended.out)
    assert sum(told["turned"].values()) <= FILINGS + PAYING - halfway
    assert set(told["left"].values()) == {0}
    recorded = await turned(world)
    calendars = await world.fetchval("select array_agg(distinct calendar) from filing")
    assert 0 < halfway < FILINGS + PAYING == len(recorded)
    assert set(recorded.values()) == {1}
    assert calendars == ["vn@2026-12-test"]
