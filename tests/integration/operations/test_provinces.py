"""Publishing what differs in a province: its procedures stand for ever, its desks are those of the last version."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from console.connecting import Connection
from operations.command import app
from publishing.authoring import procedures
from publishing.authoring.procedures import MistakesFoundError, VersionPublishedError, publish
from publishing.authoring.provinces import PROVINCES, publish_province, published_provinces
from rules.source.document import parse
from schemas.publishing.procedure_rules import ProcedureRules
from tests.conftest import DIRECTORY, ROOT, World
from tests.provinces import EXTRACT_FILE, UNCONFIRMED, changed, overlay

EXTRACT: Final = "2.000635"
SOURCE: Final = EXTRACT_FILE.read_bytes()
OWN: Final = "1.001029.000.00.00.H29"


@pytest.fixture
async def owner(world: World) -> AsyncIterator[Connection]:
    """An owner of a catalogue that holds the extract alone."""
    connection = await asyncpg.connect(world.owner_dsn)
    await connection.execute("truncate procedure, province_overlay")
    await publish(connection, SOURCE)
    yield connection
    await connection.close()


async def amounts(owner: Connection) -> dict[str, int | None]:
    """The fee of every published version of the extract."""
    rows = await owner.fetch("select version, rules from procedure where code = $1", EXTRACT)
    read = {version: ProcedureRules.model_validate_json(rules).fee for version, rules in rows}
    return {version: fee.items[0].amount for version, fee in read.items() if fee is not None}


async def in_force(owner: Connection, day: date | None = None) -> set[str]:
    return {entry.version for entry in await procedures.published(owner, EXTRACT, day=day) if entry.in_force}


async def test_a_province_is_published_as_the_procedures_of_its_agencies(owner: Connection) -> None:
    done = await publish_province(owner, overlay("H24", "1", 5000))

    assert done.procedures == (f"{EXTRACT}@2026-12.H24.1",)
    assert await amounts(owner) == {"2026-12": 8000, "2026-12.H24.1": 5000}
    row = await owner.fetchrow("select province, base, sha256, rules from procedure where version = '2026-12.H24.1'")
    assert row is not None
    assert (row["province"], row["base"]) == ("H24", "2026-12")
    assert ProcedureRules.model_validate_json(row["rules"]).sha256 == row["sha256"]


async def test_the_same_bytes_again_change_nothing_and_others_are_refused(owner: Connection) -> None:
    first = await publish_province(owner, overlay("H24", "1", 5000))
    before = await owner.fetch("select * from procedure"), await owner.fetch("select * from province_overlay")

    assert await publish_province(owner, overlay("H24", "1", 5000)) == first._replace(already=True, procedures=())
    with pytest.raises(VersionPublishedError, match="H24@1"):
        await publish_province(owner, overlay("H24", "1", 6000))
    assert (await owner.fetch("select * from procedure"), await owner.fetch("select * from province_overlay")) == before


async def test_a_new_version_supersedes_and_may_drop_a_fee(owner: Connection) -> None:
    await publish_province(owner, overlay("H24", "1", 5000))
    assert await in_force(owner) == {"2026-12", "2026-12.H24.1"}
    await publish_province(owner, overlay("H24", "2", 6000))
    assert await in_force(owner) == {"2026-12", "2026-12.H24.2"}
    await publish_province(owner, overlay("H24", "3"))
    assert await in_force(owner) == {"2026-12"}
    assert [(entry.version, entry.in_force) for entry in await published_provinces(owner, "H24")] == [
        ("3", True),
        ("2", False),
        ("1", False),
    ]


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
    information = parse(SOURCE).value["information"]
    free = information | {"conditions": {"vi": "Không.", "en": "None."} | UNCONFIRMED}
    without = changed(SOURCE, version="2027-01", form=[], fee=None, information=free)

    with pytest.raises(MistakesFoundError) as caught:
        await publish(owner, without)

    [mistake] = caught.value.mistakes
    assert (mistake.path, mistake.rule) == ("fee", "does_not_fit_province")
    assert mistake.message.en == (
        "it does not go together with the version in force of H24@1: fee.waivers[0].when[2].field (when_unknown_field)"
    )
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


async def test_the_desks_are_those_of_the_last_version_and_no_directory_changes_them(
    owner: Connection, world: World
) -> None:
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
    await procedures.seed_directory(owner, DIRECTORY, world.publisher)
    assert await serving() == {"H01.13": ["H01.12", "H01.05"], "H29.16": ["H56.30"]}


async def test_of_a_procedure_and_a_province_published_at_once_none_misses_the_other(world: World) -> None:
    connection = await asyncpg.connect(world.owner_dsn)
    await connection.execute("truncate procedure, province_overlay")
    await publish(connection, SOURCE)
    versions = [changed(SOURCE, version=f"2027-{n:02}") for n in range(1, 9)]

    await asyncio.gather(
        *(publish(world.owner_dsn, source) for source in versions[:4]),
        publish_province(world.owner_dsn, overlay("H24", "1", 5000)),
        *(publish(world.owner_dsn, source) for source in versions[4:]),
    )

    found = await amounts(connection)
    await connection.close()
    assert len(found) == 18
    assert {version for version, amount in found.items() if amount == 5000} == {
        f"{version}.H24.1" for version, amount in found.items() if amount == 8000
    }


@pytest.fixture
def database(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTCUA_OWNER_DATABASE_URL", world.owner_dsn)
    monkeypatch.setenv("COLUMNS", "200")


async def run(*arguments: str | Path, lang: str = "en") -> Result:
    words = [str(argument) for argument in arguments]
    return await asyncio.to_thread(CliRunner().invoke, app, words, env={"LANG": lang})


@pytest.mark.usefixtures("database")
async def test_the_commands_check_publish_list_and_show(tmp_path: Path) -> None:
    files = sorted(PROVINCES.glob("*.yaml"))
    clean = await run("provinces", "check", *files)
    assert (clean.exit_code, "unconfirmed" in clean.output) == (0, True)
    bad = tmp_path / "bad.yaml"
    bad.write_bytes(files[0].read_bytes().replace(b'"1.013227"', b'"9.013227"'))
    refused = await run("provinces", "check", bad)
    assert (refused.exit_code, "unknown_procedure" in refused.output) == (1, True)
    [mistake] = json.loads((await run("provinces", "check", bad, "--json")).output)["mistakes"]
    assert mistake["line"] == 1 + bad.read_text().split("\n").index('  "9.013227":')

    await run("procedures", "publish", *sorted((ROOT / "procedures").glob("*.yaml")))
    done = await run("provinces", "publish", *files)
    assert done.exit_code == 0, done.output
    assert "1.013225@2026-12.H24.2026-12" in done.output
    again = json.loads((await run("provinces", "publish", *files, "--json")).output)
    assert [one["published"]["already"] for one in again] == [True] * len(files)
    assert (await run("provinces", "publish", bad)).exit_code == 1
    changed_file = tmp_path / "changed.yaml"
    changed_file.write_bytes(files[0].read_bytes() + b"\n")
    assert (await run("provinces", "publish", changed_file)).exit_code == 1

    listed = json.loads((await run("provinces", "list", "--json")).output)
    assert [(one["province"], one["in_force"]) for one in listed] == [("H01", True), ("H24", True), ("H29", True)]
    assert "thành phố Hải Phòng" in (await run("provinces", "list", lang="vi")).output
    shown = await run("provinces", "show", "H24")
    assert "50,000 đồng" in shown.output
    assert "fees.1.013225.items[permit]" in shown.output
    assert OWN in (await run("provinces", "show", "H29")).output
    assert "H01.01: *" in (await run("provinces", "show", "H01")).output
    source = await run("provinces", "show", "H24@2026-12", "--source")
    assert source.stdout_bytes == (PROVINCES / "H24@2026-12.yaml").read_bytes()
    assert json.loads((await run("provinces", "show", "H24", "--json")).output)["overlay"]["province"] == "H24"
    assert (await run("provinces", "show", "H99")).exit_code == 3


@pytest.mark.usefixtures("database")
async def test_procedures_are_listed_with_their_province_and_whether_they_are_in_force(world: World) -> None:
    await publish(world.owner_dsn, changed(SOURCE, version="9", validity={"valid_from": "2099-03-01"} | UNCONFIRMED))
    await run("procedures", "publish", *sorted((ROOT / "procedures").glob("*.yaml")))
    await run("provinces", "publish", PROVINCES / "H24@2026-12.yaml")

    rows = {
        f"{row['code']}@{row['version']}": row for row in json.loads((await run("procedures", "list", "--json")).output)
    }
    of_province = rows["1.013225@2026-12.H24.2026-12"]
    assert (of_province["province"], of_province["base"], of_province["in_force"]) == ("H24", "2026-12", True)
    assert rows["1.001193@2027-03"]["valid_from"] == "2027-03-01"
    words = (await run("procedures", "list")).output
    assert [word for word in ("H24", "demo", "in force", "2099-03-01") if word not in words] == []
    shown = (await run("procedures", "show", "1.001193@2027-03")).output
    assert "first day in force: 2027-03-01" in shown
