"""Publishing a calendar, and asking what it would change."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from console.owner import connected
from motcua import Clock, ClockState
from publishing.authoring.calendars import CALENDAR
from publishing.authoring.procedures import publish
from rules.source.document import parse
from rules.time.working_time import VIETNAM
from tests.acting import Play, extract
from tests.conftest import ROOT, World
from tests.faults.processes import motcua


def written(folder: Path, version: str, *overlays: dict[str, Any]) -> Path:
    """The calendar of the country with these overlays more."""
    calendar = parse(CALENDAR.read_bytes(), as_text=True).value
    calendar |= {"version": version, "overlays": [*calendar["overlays"], *overlays]}
    file = folder / f"{version}.yaml"
    file.write_text(yaml.safe_dump(calendar, allow_unicode=True), encoding="utf-8")
    return file


def off(day: datetime, agency: str | None = None) -> dict[str, Any]:
    days = {"days": [{"date": day.date(), "kind": "off", "source": "test"}]}
    return days | ({"agency": agency} if agency else {})


async def intake(play: Play) -> ClockState:
    """The clock of the intake as it is now."""
    return next(run for run in await play.world.client.clocks(play.filing) if run.clock is Clock.INTAKE)


async def test_a_day_off_of_one_agency_moves_its_filings_and_no_others(running: World, tmp_path: Path) -> None:
    await publish(running.owner_dsn, ROOT / "procedures" / "2.000635@2026-12.yaml")
    here = await Play.begin(running, extract(version="2026-12"))
    there = await Play.begin(running, extract(version="2026-12", agency="H01.12"))
    before = await intake(here)
    file = written(tmp_path, "2026-12.1", off(before.due.astimezone(VIETNAM), "H56"))

    ended = await motcua(running.process_env, "calendar", "what-if", str(file), "--json", folder=tmp_path)
    assert ended.code == 0, ended.err
    asked = json.loads(ended.out)
    late = await motcua(
        running.process_env,
        *("calendar", "what-if", str(file), "--at", (before.due + timedelta(minutes=1)).isoformat(), "--json"),
        folder=tmp_path,
    )
    assert (await intake(here)).due == before.due
    ended = await motcua(running.process_env, "calendar", "publish", str(file), "--json", folder=tmp_path)
    assert ended.code == 0, ended.err

    after = await intake(here)
    assert after.due > before.due
    assert after.due.astimezone(VIETNAM).date() > before.due.astimezone(VIETNAM).date()
    assert (await intake(there)).due == before.due
    (day,) = asked["days"]
    assert (day["agency"], day["date"], day["change"]) == ("H56", str(before.due.astimezone(VIETNAM).date()), "closes")
    (moved,) = asked["moved"]
    assert asked["filings"] == 2
    assert (moved["code"], moved["clock"]) == (here.code, "intake")
    assert (moved["becomes_late"], moved["no_longer_late"]) == (False, False)
    assert datetime.fromisoformat(moved["would_be_due"]) == after.due
    assert json.loads(late.out)["by"] == [
        {"agency": "H56.30", "procedure": "2.000635", "moved": 1, "becomes_late": 0, "no_longer_late": 1}
    ]
    assert (await here.view()).calendar == "vn@2026-12.1"


async def test_what_was_published_stays_and_the_last_is_in_force(running: World, tmp_path: Path) -> None:
    day = datetime(2026, 12, 25, tzinfo=VIETNAM)
    first, second = written(tmp_path, "2026-12.1"), written(tmp_path, "2026-12.2", off(day))

    async def published(file: Path) -> tuple[int, str]:
        ended = await motcua(running.process_env, "calendar", "publish", str(file), "--lang", "en", folder=tmp_path)
        return ended.code, ended.out + ended.err

    assert (await published(first))[0] == 0
    assert "already published" in (await published(first))[1]
    assert (await published(second))[0] == 0
    code, said = await published(first)
    assert (code, "a later calendar is in force" in said) == (1, True)
    written(tmp_path, "2026-12.2")
    code, said = await published(second)
    assert (code, "published with other content" in said) == (1, True)
    listed = json.loads((await motcua(running.process_env, "calendar", "list", "--json", folder=tmp_path)).out)
    assert [one["name"] for one in listed] == ["vn@2026-12.2", "vn@2026-12.1", "vn@2026-12"]


def swap(status: str) -> dict[str, Any]:
    said = {"source": "test", "status": status}
    makeup = {"date": "2026-12-26", "kind": "makeup", "replaces": "2026-12-25"}
    return {"days": [{"date": "2026-12-25", "kind": "off"} | said, makeup | said]}


async def test_what_was_proposed_counts_once_it_is_decided_in_another_version(running: World, tmp_path: Path) -> None:
    proposed = written(tmp_path, "2026-12.1", swap("proposed"))
    decided = written(tmp_path, "2026-12.2", swap("decided"))

    async def said(*arguments: str) -> str:
        ended = await motcua(running.process_env, "calendar", *arguments, folder=tmp_path)
        assert ended.code == 0, ended.err
        return ended.out

    def days(answer: str) -> list[tuple[str, str]]:
        return [(day["date"], day["change"]) for day in json.loads(answer)["days"]]

    asked = await said("what-if", str(proposed), "--json")
    assert days(asked) == [("2026-12-25", "proposed"), ("2026-12-26", "proposed")]
    await said("publish", str(proposed))
    asked = await said("what-if", str(decided), "--json")
    assert days(asked) == [("2026-12-25", "decided"), ("2026-12-26", "decided")]
    for lang, words in (
        ("vi", "Thứ Sáu 2026-12-25: trước mới đề xuất, nay đã quyết định: ngày nghỉ"),
        ("en", "Fri 2026-12-25: only proposed until now, is decided: a day off"),
    ):
        assert words in " ".join((await said("what-if", str(decided), "--lang", lang)).split())


async def test_a_calendar_from_before_files_were_kept_is_said_to_be_one(running: World, tmp_path: Path) -> None:
    async with connected(running.owner_dsn) as connection:
        await connection.execute("update calendar set source = null")
    file = written(tmp_path, "2026-12.1", swap("decided"))
    ended = await motcua(running.process_env, "calendar", "what-if", str(file), "--json", folder=tmp_path)
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["days"] == []
    assert "không được lưu" in ended.err
