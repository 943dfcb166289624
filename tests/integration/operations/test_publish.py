"""Publishing on a real PostgreSQL: versions stand for ever."""

import asyncio
import hashlib
import json
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TypeAlias
from uuid import uuid4

import asyncpg
import pytest
import yaml
from typer.testing import CliRunner, Result

from activities.keys.master_key import MasterKey
from activities.keys.masters import MasterKeys
from activities.ledger.vault import Vault
from console import retry
from deploy.stack import Stack
from publishing.authoring.procedures import (
    MistakesFoundError,
    Published,
    VersionPublishedError,
    demo_variant,
    publish,
    published,
    seed_directory,
)
from publishing.commands.procedures import app
from publishing.record.publishing import Publisher
from schemas.people import OFFICERS, Role
from schemas.publishing.procedure_rules import ProcedureRules

ROOT = Path(__file__).parents[3]
FILE = ROOT / "procedures" / "2.000635@2026-12.yaml"
SOURCE = FILE.read_bytes()
SHA256 = hashlib.sha256(SOURCE).hexdigest()
CHANGED = SOURCE.replace(b"amount: 8000", b"amount: 9000")

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

BY = Publisher(vault=Vault(MasterKeys(MasterKey(bytes(32)))))


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A migrated database, as its owner."""
    with tempfile.TemporaryDirectory(prefix="motcua-") as folder, asyncio.Runner() as runner:
        stack = Stack(Path(folder).resolve(), parts=("postgres", "migrations"))
        runner.run(stack.__aenter__())
        try:
            yield stack.env["MOTCUA_OWNER_DATABASE_URL"]
        finally:
            runner.run(stack.__aexit__())


@pytest.fixture
async def dsn(server: str) -> str:
    await empty(server)
    return server


async def empty(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("truncate procedure, province_overlay, absence, officer, paper_template, agency")
    await connection.close()


@pytest.fixture
async def owner(dsn: str) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(dsn)
    yield connection
    await connection.close()


async def test_what_is_published_is_the_file_and_its_rules(dsn: str, owner: Connection) -> None:
    assert await publish(dsn, FILE) == Published("2.000635", "2026-12", SHA256, already=False)

    row = await owner.fetchrow("select * from procedure")
    assert row is not None
    assert (row["code"], row["version"], row["agency"], row["demo"]) == ("2.000635", "2026-12", "*", False)
    assert row["source"] == SOURCE
    rules = ProcedureRules.model_validate_json(row["rules"])
    assert rules.sha256 == row["sha256"] == SHA256
    assert rules.fee is not None
    assert rules.fee.items[0].per == "copies"
    assert "vi" not in json.loads(row["rules"])["fee"]["items"][0]


async def test_the_same_bytes_again_change_nothing(owner: Connection) -> None:
    first = await publish(owner, SOURCE)
    before = await owner.fetch("select * from procedure")

    assert await publish(owner, SOURCE) == first._replace(already=True)
    assert await owner.fetch("select * from procedure") == before


async def test_a_published_version_takes_no_other_bytes(owner: Connection) -> None:
    await publish(owner, SOURCE)

    with pytest.raises(VersionPublishedError, match=r"2\.000635@2026-12"):
        await publish(owner, CHANGED)
    assert await owner.fetchval("select source from procedure") == SOURCE


async def test_of_two_files_published_at_once_one_stands(dsn: str, owner: Connection) -> None:
    outcomes = await asyncio.gather(*(publish(dsn, data) for data in (SOURCE, CHANGED) * 4), return_exceptions=True)

    stands = await owner.fetchval("select sha256 from procedure")
    done = [outcome for outcome in outcomes if isinstance(outcome, Published)]
    assert len(done) == 4
    assert {outcome.sha256 for outcome in done} == {stands}
    assert sum(not outcome.already for outcome in done) == 1
    assert sum(isinstance(outcome, VersionPublishedError) for outcome in outcomes) == 4


async def test_a_file_with_mistakes_is_not_published(owner: Connection) -> None:
    with pytest.raises(MistakesFoundError) as caught:
        await publish(owner, SOURCE.replace(b"level: 4", b"level: 2"))

    assert "result_channel_not_allowed" in {entry.rule for entry in caught.value.mistakes}
    assert await owner.fetchval("select count(*) from procedure") == 0


async def test_seconds_need_a_demonstration(owner: Connection) -> None:
    data = demo_variant(SOURCE, {"payment": 2})

    with pytest.raises(MistakesFoundError):
        await publish(owner, data)
    assert (await publish(owner, data, demo=True)).version == "2026-12-demo"
    assert await owner.fetchval("select demo from procedure")


async def test_the_newest_version_is_listed_first(owner: Connection) -> None:
    await publish(owner, SOURCE)
    await publish(owner, CHANGED.replace(b'"2026-12"', b'"2026-08"'))

    assert [entry.version for entry in await published(owner, "2.000635")] == ["2026-08", "2026-12"]
    assert [entry.source for entry in await published(owner, "2.000635", "2026-12")] == [SOURCE]
    assert await published(owner, "1.000000") == []


async def test_the_directory_is_seeded_and_seeded_again(owner: Connection) -> None:
    data = (ROOT / "deploy" / "directory.yaml").read_bytes()

    await seed_directory(owner, data, BY)
    await seed_directory(owner, data.replace("Trần Văn Bình".encode(), "Trần Văn Bảo".encode()), BY)

    rows = await owner.fetch("select agency, province, kind, queue from agency order by agency")
    listed = {one["agency"]: (one["kind"], one["queue"]) for one in yaml.safe_load(data)["agencies"]}
    assert len(rows) == len(listed) == 15
    assert [tuple(row) for row in rows] == [(name, name[:3], *listed[name]) for name in sorted(listed)]
    assert [row["queue"] for row in rows if row["queue"] != "backoffice"] == ["agency.H29.16"]
    for agency in (row["agency"] for row in rows):
        roles = [row["role"] for row in await owner.fetch("select role from officer where agency = $1", agency)]
        assert set(roles) == OFFICERS
        assert min(roles.count(Role.SPECIALIST), roles.count(Role.LEADER)) >= 2
    assert await owner.fetchval("select name from officer where subject = 'h01.12-specialist-1'") == "Trần Văn Bảo"


async def test_a_directory_gives_only_officers_roles(owner: Connection) -> None:
    data = (ROOT / "deploy" / "directory.yaml").read_bytes().replace(b"[auditor]", b"[applicant]", 1)

    with pytest.raises(MistakesFoundError) as caught:
        await seed_directory(owner, data, BY)
    assert [entry.path for entry in caught.value.mistakes] == ["agencies[0].officers[13].roles[0]"]
    assert await owner.fetchval("select count(*) from agency") == 0


@pytest.fixture
def database(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.run(empty(server))
    monkeypatch.setenv("MOTCUA_OWNER_DATABASE_URL", server)
    monkeypatch.setenv("COLUMNS", "200")


def run(*arguments: str | Path, lang: str = "en") -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"LANG": lang})


@pytest.mark.usefixtures("database")
def test_the_command_publishes_lists_and_shows() -> None:
    first = run("publish", FILE, ROOT / "procedures" / "1.001193@2026-12.yaml")
    assert first.exit_code == 0, first.output
    assert "already" not in first.output
    assert "already published" in run("publish", FILE).output

    assert {entry["code"] for entry in json.loads(run("list", "--json").output)} == {"1.001193", "2.000635"}
    assert "Cấp bản sao trích lục hộ tịch" in run("list", lang="vi").output
    shown = run("show", "2.000635")
    assert shown.exit_code == 0, shown.output
    assert "TT 281/2016/TT-BTC" in shown.output
    told = json.loads(run("show", "2.000635@2026-12", "--json").output)["procedure"]
    assert told["level"] == 4
    assert told["information"]["conditions"]["vi"].startswith("Phí: 8.000 đồng")
    assert run("show", "2.000635", "--source").stdout_bytes == SOURCE


SHOWN = {
    "1.001193": ["late: Lệ phí đăng ký khai sinh quá hạn", "refused_at_intake: hồ sơ không được tiếp nhận"],
    "1.004222": ["điều kiện: khi nộp hồ sơ trực tuyến / condition: when filed online"],
    "1.004645": [
        "accountable officers: h01.05-leader-1",
        "decided_by",
        "sở, ban, ngành cấp tỉnh / agencies that decide: department of the province",
    ],
    "1.013225": [
        "điều kiện: khi “Số tầng hầm” là từ 1 trở lên / condition: when “Number of basements” is 1 or more",
        "fire_police: Cảnh sát phòng cháy chữa cháy / Fire police",
        "quá thời hạn không trả lời thì coi là đồng ý / rule for silence: no answer in time means consent",
        "số lần gia hạn: 1 / number of extensions: 1",
        "thời gian gia hạn mỗi lần: 3 ngày làm việc / length of an extension: 3 working days",
        "papers[basement_design]",
    ],
    "1.013833": [
        "điều kiện: khi người nộp là tổ chức / condition: when the applicant is an organisation",
        "cơ quan thu: Cơ quan thuế / authority: Tax office",
        "review[tax].obligation",
    ],
    "3.000333": [
        "thời điểm thu phí, lệ phí: thu khi nộp hồ sơ, trước khi tiếp nhận",
        "tỷ lệ miễn, giảm: 100% / share that is waived: 100%",
        "người duyệt: cán bộ tiếp nhận / approver: reception",
    ],
}


@pytest.mark.usefixtures("database")
def test_the_command_shows_conditions_and_rules_in_both_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    published = run("publish", *(ROOT / "procedures" / f"{code}@2026-12.yaml" for code in SHOWN))
    assert published.exit_code == 0, published.output

    for code, expected in SHOWN.items():
        pages = [run("show", code, lang=lang) for lang in ("vi", "en")]
        assert [page.exit_code for page in pages] == [0, 0]
        shown = "".join(page.output for page in pages)
        assert [words for words in expected if any(half not in shown for half in words.split(" / "))] == []


@pytest.mark.usefixtures("database")
async def test_what_was_published_is_shown_even_if_todays_checks_would_refuse_it(server: str) -> None:
    old = SOURCE.replace(b"level: 4", b"level: 4.0")
    connection = await asyncpg.connect(server)
    await connection.execute(
        "insert into procedure (code, version, sha256, source, rules, demo) values ($1, $2, $3, $4, '{}', false)",
        "2.000635",
        "2026-12",
        hashlib.sha256(old).hexdigest(),
        old,
    )
    await connection.close()

    assert (await asyncio.to_thread(run, "show", "2.000635")).exit_code == 0
    assert "2.000635" in (await asyncio.to_thread(run, "list")).output


@pytest.mark.usefixtures("database")
def test_the_command_refuses_with_1_and_misuse_with_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, other = tmp_path / "bad.yaml", tmp_path / "other.yaml"
    bad.write_bytes(SOURCE.replace(b"level: 4", b"level: 9"))
    other.write_bytes(CHANGED)

    checked = run("check", bad, FILE)
    assert checked.exit_code == 1
    assert f"{bad}:5 level" in checked.output
    assert json.loads(run("check", bad, "--json").output)["mistakes"][0]["rule"] == "not_allowed_value"
    assert run("publish", FILE, bad).exit_code == 1
    assert json.loads(run("list", "--json").output) == []

    run("publish", FILE)
    assert run("publish", other).exit_code == 1
    assert run("show", f"{uuid4()}").exit_code == 3
    assert run("check", tmp_path / "none.yaml").exit_code == 2
    monkeypatch.chdir(tmp_path)  # beside no running stack
    monkeypatch.delenv("MOTCUA_OWNER_DATABASE_URL")
    assert run("list").exit_code == 2
    monkeypatch.setattr(retry, "SHORT", 0.0)
    monkeypatch.setenv("MOTCUA_OWNER_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    assert run("list").exit_code == 4
