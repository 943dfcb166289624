"""Procedures and provinces published on a real PostgreSQL; the query for changes that concern open filings."""

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from console.database import Connection, connected
from motcua import Clock, ClockState
from publishing.authoring.calendars import CALENDAR
from publishing.authoring.procedures import (
    MistakesFoundError,
    Published,
    VersionPublishedError,
    demo_variant,
    publish,
    published,
    seed_directory,
)
from publishing.authoring.provinces import PROVINCES, publish_province, published_provinces
from rules.require import require
from rules.source import parse
from rules.time.working_time import VIETNAM
from schemas.people import OFFICERS, Role
from schemas.publishing.procedure_rules import ProcedureRules
from tests.acting import Play, birth, extract
from tests.conftest import DIRECTORY, ROOT, World
from tests.provinces import EXTRACT_FILE, UNCONFIRMED, changed, overlay
from tests.shell import Shell

EXTRACT: Final = "2.000635"
SOURCE: Final = EXTRACT_FILE.read_bytes()
SHA256: Final = hashlib.sha256(SOURCE).hexdigest()
DEARER: Final = SOURCE.replace(b"amount: 8000", b"amount: 9000")


@pytest.fixture
async def empty(world: World) -> AsyncIterator[Connection]:
    async with connected(world.owner_dsn) as connection:
        await connection.execute("truncate procedure, province_overlay")
        yield connection


@pytest.fixture
async def owner(empty: Connection) -> Connection:
    await publish(empty, SOURCE)
    return empty


async def test_what_is_published_is_the_file_and_its_rules(world: World, empty: Connection) -> None:
    assert await publish(world.owner_dsn, EXTRACT_FILE) == Published(EXTRACT, "2026-12", SHA256, already=False)
    row = require(await empty.fetchrow("select * from procedure"))
    assert (row["code"], row["version"], row["agency"], row["demo"]) == (EXTRACT, "2026-12", "*", False)
    assert row["source"] == SOURCE
    rules = ProcedureRules.model_validate_json(row["rules"])
    assert rules.sha256 == row["sha256"] == SHA256
    assert rules.fee is not None
    assert rules.fee.items[0].per == "copies"
    assert "vi" not in json.loads(row["rules"])["fee"]["items"][0]


async def test_of_two_files_published_at_once_one_stands(world: World, empty: Connection) -> None:
    work = (publish(world.owner_dsn, data) for data in (SOURCE, DEARER) * 4)
    outcomes = await asyncio.gather(*work, return_exceptions=True)
    done = [outcome for outcome in outcomes if isinstance(outcome, Published)]
    assert len(done) == 4
    assert {outcome.sha256 for outcome in done} == {await empty.fetchval("select sha256 from procedure")}
    assert sum(not outcome.already for outcome in done) == 1
    assert sum(isinstance(outcome, VersionPublishedError) for outcome in outcomes) == 4


async def test_seconds_need_a_demonstration(empty: Connection) -> None:
    data = demo_variant(SOURCE, {"payment": 2})
    with pytest.raises(MistakesFoundError):
        await publish(empty, data)
    assert (await publish(empty, data, demo=True)).version == "2026-12-demo"
    assert await empty.fetchval("select demo from procedure")


async def test_the_newest_version_is_listed_first(owner: Connection) -> None:
    await publish(owner, DEARER.replace(b'"2026-12"', b'"2026-08"'))
    assert [entry.version for entry in await published(owner, EXTRACT)] == ["2026-08", "2026-12"]
    assert [entry.source for entry in await published(owner, EXTRACT, "2026-12")] == [SOURCE]
    assert await published(owner, "1.000000") == []


async def test_the_directory_is_seeded_and_seeded_again(world: World, empty: Connection) -> None:
    await seed_directory(empty, DIRECTORY.replace("Trần Văn Bình".encode(), "Trần Văn Bảo".encode()), world.publisher)
    rows = await empty.fetch("select agency, province, kind, queue from agency order by agency")
    listed = {one["agency"]: (one["kind"], one["queue"]) for one in yaml.safe_load(DIRECTORY)["agencies"]}
    assert len(rows) == len(listed) == 17
    assert [tuple(row) for row in rows] == [(name, name[:3], *listed[name]) for name in sorted(listed)]
    assert [row["queue"] for row in rows if row["queue"] != "backoffice"] == ["agency.H29.16"]
    below = (row["agency"] for row in rows if row["agency"] != row["province"])  # a province answers complaints only
    for agency in below:
        roles = [row["role"] for row in await empty.fetch("select role from officer where agency = $1", agency)]
        assert set(roles) == OFFICERS
        assert min(roles.count(Role.SPECIALIST), roles.count(Role.LEADER)) >= 2
    assert await empty.fetchval("select name from officer where subject = 'h01.12-specialist-1'") == "Trần Văn Bảo"


async def test_a_directory_whose_agencies_lead_nowhere_is_not_loaded(world: World, owner: Connection) -> None:
    def closed(agency: str, successor: str, superior: str | None = None) -> bytes:
        [entry] = [one for one in yaml.safe_load(DIRECTORY)["agencies"] if one["agency"] == agency]
        entry["closed"] = {"day": "2027-01-01", "successor": successor, "document": "15/2026/NQ-HĐND"}
        return yaml.safe_dump({"agencies": [entry | ({"superior": superior} if superior else {})]}).encode()

    async def mistakes(file: bytes) -> list[tuple[str, str]]:
        with pytest.raises(MistakesFoundError) as error:
            await seed_directory(owner, file, world.publisher)
        return [(one.path, one.rule) for one in error.value.mistakes]

    closing = "agencies[0].closed.successor"
    assert await mistakes(closed("H01.12", "H99.99")) == [(closing, "line_leaves_directory")]
    assert await mistakes(closed("H01.12", "H01.12")) == [(closing, "line_in_circle")]
    await seed_directory(owner, closed("H01.12", "H01.13"), world.publisher)
    assert await mistakes(closed("H01.13", "H01.12")) == [(closing, "line_in_circle")], "with what is published"
    below = closed("H01.13", "H01.14", superior="H01.13")
    assert await mistakes(below) == [(closing, "line_leaves_directory"), ("agencies[0].superior", "line_in_circle")]


@pytest.mark.usefixtures("empty")
async def test_the_command_publishes_lists_and_shows(shell: Shell) -> None:
    first = await shell("procedures", "publish", EXTRACT_FILE, ROOT / "procedures" / "1.001193@2026-12.yaml")
    assert (first.code, "already" in first.out) == (0, False), first.err
    assert "already published" in (await shell("procedures", "publish", EXTRACT_FILE)).out
    assert {entry["code"] for entry in (await shell("procedures", "list", "--json")).json} == {"1.001193", EXTRACT}
    assert "Cấp bản sao trích lục hộ tịch" in (await shell("procedures", "list", LANG="vi")).out
    assert "TT 281/2016/TT-BTC" in (await shell("procedures", "show", EXTRACT)).out
    told = (await shell("procedures", "show", f"{EXTRACT}@2026-12", "--json")).json["procedure"]
    assert told["level"] == 4
    assert told["information"]["conditions"]["vi"].startswith("Phí: 8.000 đồng")
    assert (await shell("procedures", "show", EXTRACT, "--source")).out.encode() == SOURCE


async def test_what_was_published_is_shown_though_refused_today(empty: Connection, shell: Shell) -> None:
    old = SOURCE.replace(b"level: 4", b"level: 4.0")
    insert = "insert into procedure (code, version, sha256, source, rules, demo) values ($1, '1', $2, $3, '{}', false)"
    await empty.execute(insert, EXTRACT, hashlib.sha256(old).hexdigest(), old)
    assert (await shell("procedures", "show", EXTRACT)).code == 0
    assert EXTRACT in (await shell("procedures", "list")).out


@pytest.mark.usefixtures("empty")
async def test_the_command_refuses_with_1_and_misuse_with_2(shell: Shell, tmp_path: Path) -> None:
    bad, other = tmp_path / "bad.yaml", tmp_path / "other.yaml"
    bad.write_bytes(SOURCE.replace(b"level: 4", b"level: 9"))
    other.write_bytes(DEARER)
    checked = await shell("procedures", "check", bad, EXTRACT_FILE)
    assert checked.code == 1
    assert re.search(rf"{re.escape(str(bad))}:5 +level\b", checked.out), checked.out
    assert (await shell("procedures", "check", bad, "--json")).json["mistakes"][0]["rule"] == "not_allowed_value"
    assert (await shell("procedures", "publish", EXTRACT_FILE, bad)).code == 1
    assert (await shell("procedures", "list", "--json")).json == []
    await shell("procedures", "publish", EXTRACT_FILE)
    assert (await shell("procedures", "publish", other)).code == 1
    assert (await shell("procedures", "show", "nothing")).code == 3
    assert (await shell("procedures", "check", tmp_path / "none.yaml")).code == 2


async def amounts(owner: Connection) -> dict[str, int | None]:
    rows = await owner.fetch("select version, rules from procedure where code = $1", EXTRACT)
    read = {version: ProcedureRules.model_validate_json(rules).fee for version, rules in rows}
    return {version: fee.items[0].amount for version, fee in read.items() if fee is not None}


async def in_force(owner: Connection, day: date | None = None) -> set[str]:
    return {entry.version for entry in await published(owner, EXTRACT, day=day) if entry.in_force}


async def test_a_new_version_supersedes_and_may_drop_a_fee(owner: Connection) -> None:
    await publish_province(owner, overlay("H24", "1", 5000))
    assert await in_force(owner) == {"2026-12", "2026-12.H24.1"}
    await publish_province(owner, overlay("H24", "2", 6000))
    assert await in_force(owner) == {"2026-12", "2026-12.H24.2"}
    await publish_province(owner, overlay("H24", "3"))
    assert await in_force(owner) == {"2026-12"}
    listed = [(entry.version, entry.in_force) for entry in await published_provinces(owner, "H24")]
    assert listed == [("3", True), ("2", False), ("1", False)]


async def test_a_new_version_of_the_procedure_comes_with_the_provinces(owner: Connection) -> None:
    await publish_province(owner, overlay("H24", "1", 5000))
    await publish_province(owner, overlay("H01", "1", 4000))
    await publish_province(owner, overlay("H01", "2", 3000))
    await publish(owner, changed(SOURCE, version="2027-01"))
    assert (await amounts(owner)).items() >= {"2027-01.H24.1": 5000, "2027-01.H01.2": 3000}.items()
    assert "2027-01.H01.1" not in await amounts(owner)
    assert await in_force(owner) == {"2027-01", "2027-01.H24.1", "2027-01.H01.2"}


async def test_a_version_that_does_not_go_together_with_a_province_is_not_published(owner: Connection) -> None:
    await publish_province(owner, overlay("H24", "1", 5000))
    free = parse(SOURCE).value["information"] | {"conditions": {"vi": "Không.", "en": "None."} | UNCONFIRMED}
    without = changed(SOURCE, version="2027-01", form=[], fee=None, information=free)
    with pytest.raises(MistakesFoundError) as caught:
        await publish(owner, without)
    [mistake] = caught.value.mistakes
    assert (mistake.path, mistake.rule) == ("fee", "does_not_fit_province")
    why = "fee.waivers[0].when[2].field (when_unknown_field)"
    assert mistake.message.en == f"it does not go together with the version in force of H24@1: {why}"
    assert set(await amounts(owner)) == {"2026-12", "2026-12.H24.1"}


async def test_a_coming_version_has_its_days_in_every_province(owner: Connection) -> None:
    await publish_province(owner, overlay("H24", "1", 5000))
    validity = {"valid_from": "2027-03-01", "valid_until": "2027-12-31"} | UNCONFIRMED
    await publish(owner, changed(SOURCE, version="2027-03", validity=validity))
    await publish(owner, changed(SOURCE, version="2026-12.1"))
    before, since = {"2026-12.1", "2026-12.1.H24.1"}, {"2027-03", "2027-03.H24.1"}
    assert await in_force(owner, date(2027, 2, 28)) == before
    assert await in_force(owner, date(2027, 3, 1)) == since  # although the other was published last
    assert await in_force(owner, date(2027, 12, 31)) == since
    assert await in_force(owner, date(2028, 1, 1)) == before


async def test_what_the_database_does_not_have_is_refused(owner: Connection) -> None:
    desks = [{"agency": "H24.99", "receives_for": ["H01.12", "*"]} | UNCONFIRMED]
    own = [{"code": "1.000001.H24"} | UNCONFIRMED]
    with pytest.raises(MistakesFoundError) as caught:
        await publish_province(owner, overlay("H24", "1", 5000, own=own, desks=desks))
    assert {(entry.path, entry.rule) for entry in caught.value.mistakes} == {
        ("own[0].code", "unknown_procedure"),
        ("desks[0].agency", "unknown_agency"),
        ("desks[0].receives_for[0]", "unknown_agency"),
    }
    assert await owner.fetchval("select count(*) from province_overlay") == 0


async def test_the_desks_are_the_last_versions_and_no_directorys(owner: Connection, world: World) -> None:
    async def serving() -> dict[str, list[str]]:
        rows = await owner.fetch("select agency, receives_for from agency where receives_for <> '{}'")
        return {row["agency"]: row["receives_for"] for row in rows}

    def desks(**served: list[str]) -> list[dict[str, Any]]:
        named = {name.replace("_", "."): others for name, others in served.items()}
        return [{"agency": agency, "receives_for": others, **UNCONFIRMED} for agency, others in named.items()]

    await owner.execute("update agency set receives_for = '{H56.30}' where agency = 'H29.16'")
    await publish_province(owner, overlay("H01", "1", desks=desks(H01_01=["*"], H01_12=["H01.13"])))
    assert await serving() == {"H01.01": ["*"], "H01.12": ["H01.13"], "H29.16": ["H56.30"]}
    await publish_province(owner, overlay("H01", "2", desks=desks(H01_13=["H01.12", "H01.05"])))
    await publish_province(owner, overlay("H01", "1", desks=desks(H01_01=["*"], H01_12=["H01.13"])))
    await seed_directory(owner, DIRECTORY, world.publisher)
    assert await serving() == {"H01.13": ["H01.12", "H01.05"], "H29.16": ["H56.30"]}


async def test_a_procedure_and_a_province_at_once_miss_nothing(world: World, owner: Connection) -> None:
    versions = [changed(SOURCE, version=f"2027-{n:02}") for n in range(1, 9)]
    await asyncio.gather(
        *(publish(world.owner_dsn, source) for source in versions[:4]),
        publish_province(world.owner_dsn, overlay("H24", "1", 5000)),
        *(publish(world.owner_dsn, source) for source in versions[4:]),
    )
    found = await amounts(owner)
    assert len(found) == 18
    assert {version for version, amount in found.items() if amount == 5000} == {
        f"{version}.H24.1" for version, amount in found.items() if amount == 8000
    }


@pytest.mark.usefixtures("empty")
async def test_the_commands_of_provinces_check_publish_list_and_show(shell: Shell, tmp_path: Path) -> None:
    files = sorted(PROVINCES.glob("*.yaml"))
    clean = await shell("provinces", "check", *files)
    assert (clean.code, "unconfirmed" in clean.out) == (0, True)
    bad = tmp_path / "bad.yaml"
    bad.write_bytes(files[0].read_bytes().replace(b'"1.013227"', b'"9.013227"'))
    refused = await shell("provinces", "check", bad)
    assert (refused.code, "unknown_procedure" in refused.out) == (1, True)
    [mistake] = (await shell("provinces", "check", bad, "--json")).json["mistakes"]
    assert mistake["line"] == 1 + bad.read_text().split("\n").index('  "9.013227":')

    await shell("procedures", "publish", *sorted((ROOT / "procedures").glob("*.yaml")))
    done = await shell("provinces", "publish", *files)
    assert (done.code, "1.013225@2026-12.H24.2026-12" in done.out) == (0, True), done.out
    again = (await shell("provinces", "publish", *files, "--json")).json
    assert [one["published"]["already"] for one in again] == [True] * len(files)
    assert (await shell("provinces", "publish", bad)).code == 1
    changed_file = tmp_path / "changed.yaml"
    changed_file.write_bytes(files[0].read_bytes() + b"\n")
    assert (await shell("provinces", "publish", changed_file)).code == 1

    listed = (await shell("provinces", "list", "--json")).json
    assert [(one["province"], one["in_force"]) for one in listed] == [("H01", True), ("H24", True), ("H29", True)]
    assert "thành phố Hải Phòng" in (await shell("provinces", "list", LANG="vi")).out
    shown = (await shell("provinces", "show", "H24")).out
    assert ("50,000 đồng" in shown, "fees.1.013225.items[permit]" in shown) == (True, True)
    assert "1.001029.000.00.00.H29" in (await shell("provinces", "show", "H29")).out
    assert "H01.01: *" in (await shell("provinces", "show", "H01")).out
    source = await shell("provinces", "show", "H24@2026-12", "--source")
    assert source.out.encode() == (PROVINCES / "H24@2026-12.yaml").read_bytes()
    assert (await shell("provinces", "show", "H24", "--json")).json["overlay"]["province"] == "H24"
    assert (await shell("provinces", "show", "H99")).code == 3


# Asking what another calendar, or another version of a procedure, would change for open filings; and publishing it.


def written(folder: Path, version: str, *overlays: dict[str, Any]) -> Path:
    """Returns the file of the country's calendar with these further overlays."""
    calendar = parse(CALENDAR.read_bytes(), as_text=True).value
    calendar |= {"version": version, "overlays": [*calendar["overlays"], *overlays]}
    file = folder / f"{version}.yaml"
    file.write_text(yaml.safe_dump(calendar, allow_unicode=True), encoding="utf-8")
    return file


def off(day: datetime, agency: str | None = None) -> dict[str, Any]:
    return {"days": [{"date": day.date(), "kind": "off", "source": "test"}]} | ({"agency": agency} if agency else {})


CHRISTMAS = off(datetime(2026, 12, 25, tzinfo=VIETNAM))


async def intake(play: Play) -> ClockState:
    return next(run for run in await play.world.client.clocks(play.filing) if run.clock is Clock.INTAKE)


async def test_a_day_off_of_one_agency_moves_only_its_filings(running: World, shell: Shell, tmp_path: Path) -> None:
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
    counts = {"moved": 1, "becomes_late": 0, "no_longer_late": 1}
    assert late["by"] == [{"agency": "H56.30", "procedure": "2.000635"} | counts]
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


async def test_an_old_calendar_without_a_file_is_said_to_be_one(world: World, shell: Shell, tmp_path: Path) -> None:
    await world.execute("update calendar set source = null")
    ended = await shell("calendar", "what-if", written(tmp_path, "2026-12.1", CHRISTMAS), "--json")
    said = "the file of the calendar in force was not kept"
    assert (ended.code, ended.json["days"], said in ended.err) == (0, [], True)


def changed_limits(folder: Path, version: str, amount: int) -> Path:
    file = folder / f"{version}.yaml"
    source = EXTRACT_FILE.read_bytes().replace(b'version: "2026-12"', f'version: "{version}"'.encode())
    file.write_bytes(source.replace(b"amount: 8000", f"amount: {amount}".encode()))
    return file


async def test_only_what_would_be_otherwise_is_named(running: World, shell: Shell, tmp_path: Path) -> None:
    await publish(running.owner_dsn, EXTRACT_FILE)
    await Play.begin(running, birth())
    plays = [await Play.begin(running, extract(version="2026-12")) for _ in range(3)]
    await plays[2].withdraw()
    dearer, same = changed_limits(tmp_path, "2027-01", 9000), changed_limits(tmp_path, "2027-02", 8000)
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
    assert ("16,000 đồng → 18,000 đồng" in told, "1 / 2 (--limit)" in told) == (True, True)
    assert [change["where"] for change in diff] == ["fee.items[extract].amount"]
    assert "limits.processing" in shown


async def test_a_provinces_agencies_are_asked_by_its_own_version(running: World, shell: Shell, tmp_path: Path) -> None:
    await publish(running.owner_dsn, EXTRACT_FILE)
    plays = [await Play.begin(running, extract(version="2026-12", agency=agency)) for agency in ("H56.30", "H01.12")]
    await publish_province(running.owner_dsn, overlay("H01", "2027-01", 20_000))
    (answer,) = (await shell("procedures", "what-if", changed_limits(tmp_path, "2027-01", 9000), "--json")).json
    seen = {one["code"]: (one["fee"], one["fee_then"]) for one in answer["touched"]}
    assert seen == {plays[0].code: (16_000, 18_000), plays[1].code: (16_000, 40_000)}


async def test_nobody_is_asked_about_a_file_with_mistakes(shell: Shell, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_bytes(EXTRACT_FILE.read_bytes().replace(b"level: 4", b"level: 9"))
    ended = await shell("procedures", "what-if", bad, "--json")
    assert (ended.code, ended.json[0]["rule"]) == (1, "not_allowed_value")
    assert (await shell("procedures", "diff", "9.999999", EXTRACT_FILE)).code == 3
