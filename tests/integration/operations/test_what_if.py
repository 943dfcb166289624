"""Asking what another calendar, or another version of a procedure, would change for open filings; and publishing it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from console.owner import connected
from motcua import Clock, ClockState
from publishing.authoring.calendars import CALENDAR
from publishing.authoring.procedures import publish
from publishing.authoring.provinces import publish_province
from rules.source.document import parse
from rules.time.working_time import VIETNAM
from tests.acting import Play, birth, extract
from tests.conftest import World
from tests.provinces import EXTRACT_FILE, overlay
from tests.shell import Shell


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


CHRISTMAS = off(datetime(2026, 12, 25, tzinfo=VIETNAM))


async def intake(play: Play) -> ClockState:
    """The clock of the intake as it is now."""
    return next(run for run in await play.world.client.clocks(play.filing) if run.clock is Clock.INTAKE)


async def test_a_day_off_of_one_agency_moves_its_filings_and_no_others(
    running: World, shell: Shell, tmp_path: Path
) -> None:
    await publish(running.owner_dsn, EXTRACT_FILE)
    here = await Play.begin(running, extract(version="2026-12"))
    there = await Play.begin(running, extract(version="2026-12", agency="H01.12"))
    before = await intake(here)
    file = written(tmp_path, "2026-12.1", off(before.due.astimezone(VIETNAM), "H56"))
    asking, later = ("calendar", "what-if", file, "--json"), before.due + timedelta(minutes=1)
    asked, late = (await shell(*asking)).json, (await shell(*asking, "--at", later.isoformat())).json
    assert (await intake(here)).due == before.due
    assert (await shell("calendar", "publish", file)).code == 0

    after = await intake(here)
    assert after.due.astimezone(VIETNAM).date() > before.due.astimezone(VIETNAM).date()
    assert (await intake(there)).due == before.due
    (day,) = asked["days"]
    assert (day["agency"], day["date"], day["change"]) == ("H56", str(before.due.astimezone(VIETNAM).date()), "closes")
    (moved,) = asked["moved"]
    assert asked["filings"] == 2
    assert (moved["code"], moved["clock"]) == (here.code, "intake")
    assert (moved["becomes_late"], moved["no_longer_late"]) == (False, False)
    assert datetime.fromisoformat(moved["would_be_due"]) == after.due
    assert late["by"] == [
        {"agency": "H56.30", "procedure": "2.000635", "moved": 1, "becomes_late": 0, "no_longer_late": 1}
    ]
    assert (await here.view()).calendar == "vn@2026-12.1"


async def test_what_was_published_stays_and_the_last_is_in_force(shell: Shell, tmp_path: Path) -> None:
    first, second = written(tmp_path, "2026-12.1"), written(tmp_path, "2026-12.2", CHRISTMAS)

    async def published(file: Path) -> tuple[int, str]:
        ended = await shell("calendar", "publish", file)
        return ended.code, ended.out + ended.err

    assert (await published(first))[0] == 0
    assert "already published" in (await published(first))[1]
    assert (await published(second))[0] == 0
    code, said = await published(first)
    assert (code, "a later calendar is in force" in said) == (1, True)
    written(tmp_path, "2026-12.2")
    code, said = await published(second)
    assert (code, "published with other content" in said) == (1, True)
    listed = (await shell("calendar", "list", "--json")).json
    assert [one["name"] for one in listed] == ["vn@2026-12.2", "vn@2026-12.1", "vn@2026-12"]


async def test_a_calendar_from_before_files_were_kept_is_said_to_be_one(
    world: World, shell: Shell, tmp_path: Path
) -> None:
    async with connected(world.owner_dsn) as connection:
        await connection.execute("update calendar set source = null")
    ended = await shell("calendar", "what-if", written(tmp_path, "2026-12.1", CHRISTMAS), "--json")
    assert (ended.code, ended.json["days"], "the file of the calendar in force was not kept" in ended.err) == (
        0,
        [],
        True,
    )


def changed(folder: Path, version: str, amount: int) -> Path:
    file = folder / f"{version}.yaml"
    source = EXTRACT_FILE.read_bytes().replace(b'version: "2026-12"', f'version: "{version}"'.encode())
    file.write_bytes(source.replace(b"amount: 8000", f"amount: {amount}".encode()))
    return file


async def test_only_what_would_be_otherwise_is_named(running: World, shell: Shell, tmp_path: Path) -> None:
    await publish(running.owner_dsn, EXTRACT_FILE)
    await Play.begin(running, birth())
    plays = [await Play.begin(running, extract(version="2026-12")) for _ in range(3)]
    await plays[2].withdraw()
    dearer, same = changed(tmp_path, "2027-01", 9000), changed(tmp_path, "2027-02", 8000)
    validity = b"validity: { valid_from: '2100-01-01', source: unconfirmed }\n"
    (later := tmp_path / "later.yaml").write_bytes(same.read_bytes().replace(b"level: 4", validity + b"level: 4"))

    touching, harmless, coming = (await shell("procedures", "what-if", dearer, same, later, "--json")).json
    told = (await shell("procedures", "what-if", dearer, "--limit", "1")).out
    diff = (await shell("procedures", "diff", "2.000635@2026-12", dearer, "--json")).json
    shown = (await shell("procedures", "diff", "2.000635@2026-12", "2.000635@2026-12-demo")).out

    assert [one["code"] for one in touching["touched"]] == sorted(play.code or "" for play in plays[:2])
    assert (touching["version"], touching["open"], touching["stay"]) == ("2027-01", 2, {"2026-12": 2})
    (one, _) = touching["touched"]
    assert (one["fee"], one["fee_then"], one["stage"], one["problems"]) == (16_000, 18_000, "intake", [])
    assert (one["version"], one["agency"]) == ("2026-12", "H56.30")
    assert (harmless["open"], harmless["touched"]) == (2, [])
    assert (touching["days_until_in_force"], harmless["days_until_in_force"]) == (0, 0)
    assert coming["days_until_in_force"] == (date(2100, 1, 1) - datetime.now(VIETNAM).date()).days
    assert "16,000 đồng → 18,000 đồng" in told
    assert "1 / 2 (--limit)" in told
    assert [change["where"] for change in diff] == ["fee.items[extract].amount"]
    assert "limits.processing" in shown


async def test_the_agencies_of_a_province_are_asked_about_the_version_as_it_would_be_there(
    running: World, shell: Shell, tmp_path: Path
) -> None:
    await publish(running.owner_dsn, EXTRACT_FILE)
    plays = [await Play.begin(running, extract(version="2026-12", agency=agency)) for agency in ("H56.30", "H01.12")]
    await publish_province(running.owner_dsn, overlay("H01", "2027-01", 20_000))
    (answer,) = (await shell("procedures", "what-if", changed(tmp_path, "2027-01", 9000), "--json")).json
    assert {one["code"]: (one["fee"], one["fee_then"]) for one in answer["touched"]} == {
        plays[0].code: (16_000, 18_000),
        plays[1].code: (16_000, 40_000),
    }


async def test_nobody_is_asked_about_a_file_with_mistakes(shell: Shell, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_bytes(EXTRACT_FILE.read_bytes().replace(b"level: 4", b"level: 9"))
    ended = await shell("procedures", "what-if", bad, "--json")
    assert (ended.code, ended.json[0]["rule"]) == (1, "not_allowed_value")
    assert (await shell("procedures", "diff", "9.999999", EXTRACT_FILE)).code == 3
