"""The platform's part of the `motcua` command: its output, its exit codes, and fees by the published procedures."""

from __future__ import annotations

import json
import re
import shlex
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import asyncpg
import pytest
from temporalio.worker import Worker

from console import database
from motcua import Stage, Submission
from publishing.authoring.procedures import PROCEDURES, publish
from publishing.authoring.provinces import PROVINCES, publish_province
from recovery.stalled import count_reported
from schemas.people import Role
from tests.acting import Play, birth, eventually, officer
from tests.conftest import DIRECTORY, ROOT, World, database_url
from tests.faults.processes import motcua
from tests.shell import Ended, Shell
from tests.walking import walked
from tests.workflow.stumbling import Buggy

AGENCIES, OFFICERS = DIRECTORY.count(b"- agency:"), DIRECTORY.count(b"subject:")
NOBODY = "postgresql://nobody@127.0.0.1:1/none"
NOBODIES = NOBODY.replace("/none", ",db2/none")
READS = (
    ["filing", "X"],
    ["events", "X"],
    ["tasks"],
    ["ledger", "verify"],
    ["directory", "list"],
    ["ledger", "export", "X", "--out", "x"],
    ["board", "--once"],
)
OWNERS = (
    ["migrate"],
    ["ledger", "rebuild"],
    ["ledger", "sweep"],
    ["directory", "load", str(ROOT / "deploy" / "directory.yaml")],
    ["procedures", "list"],
)


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell without a world, and without a running stack beside it."""
    monkeypatch.chdir(tmp_path)
    return Shell({"MOTCUA_MASTER_KEY": b64encode(bytes(32)).decode()})


EXTRACT = {
    "procedure": "2.000635",
    "form": {"kind": "birth", "person_name": "CANARY Nguyễn Văn Bình", "copies": 2},
    "papers": [],
    "signature": {"key": "papers/sample/signature", "sha256": "0" * 64, "size": 1},
    "payer_account": "CANARY-0004",
}


@dataclass(frozen=True)
class Filed:
    ended: Submission
    ended_code: str
    waiting_code: str


@pytest.fixture
async def filed(running: World) -> Filed:
    ended, waiting = await Play.begin(running, birth()), await Play.begin(running, birth(**EXTRACT))
    await ended.at(Stage.CLOSED)
    return Filed(ended.submission, str(ended.code), str(waiting.code))


async def test_a_filing_is_found_by_its_code_and_by_its_id(filed: Filed, shell: Shell) -> None:
    found = (await shell("filing", filed.ended_code, "--json")).json
    assert (found["code"], found["status"], found["stage"]) == (filed.ended_code, 10, "closed")
    assert found["status_name"]["vi"] == "Đã trả kết quả"
    assert (await shell("filing", found["filing_id"], "--json")).json == found
    for which in (found["filing_id"], filed.ended_code):
        assert (await shell("show", which, "--json")).json["code"] == filed.ended_code
        assert (await shell("clocks", which)).code == 0
    assert (await shell("show", "H01.12-20261125-9999999")).code == 3
    shown = await shell("filing", filed.waiting_code)
    assert (shown.code, "Registered" in shown.out) == (0, True)


async def test_events_are_a_timeline_without_what_is_sealed(filed: Filed, shell: Shell) -> None:
    found = (await shell("events", filed.ended_code, "--json")).json
    kinds = [event["kind"] for event in found]
    assert kinds == ["submitted", "accepted", "decided", "result_issued", "finished_early", "handed_over"]
    assert [event["seq"] for event in found] == [1, 2, 3, 4, 5, 6]
    assert found[0]["body"]["code"] == filed.ended_code
    assert found[0]["sealed"] is True
    assert filed.ended.applicant.name not in json.dumps(found, ensure_ascii=False)
    assert filed.ended.applicant.subject not in json.dumps(found)
    shown = await shell("events", filed.ended_code)
    assert (shown.code, "handed_over" in shown.out) == (0, True)


async def test_tasks_are_the_queues_by_agency_role_and_officer(filed: Filed, shell: Shell) -> None:
    rows = (await shell("tasks", "--json")).json
    assert [(row["code"], row["role"]) for row in rows] == [(filed.waiting_code, "reception")]
    assert "accept" in rows[0]["actions"]
    assert len((await shell("tasks", "--agency", "H56.30", "--role", "reception", "--json")).json) == 1
    for other in (["--agency", "H01.12"], ["--role", "leader"], ["--officer", "nobody"], ["--overdue"]):
        assert (await shell("tasks", *other, "--json")).json == []
    shown = await shell("tasks")
    assert (shown.code, filed.waiting_code in shown.out) == (0, True)
    assert (await shell("tasks", "--role", "king")).code == 2
    written = re.search(rf"motcua (act {filed.waiting_code} \S+ --as \S+)", shown.out)
    assert written is not None
    subject = officer(Role.RECEPTION).subject
    done = await shell(*shlex.split(written[1].replace("SUBJECT", subject)))
    assert (done.code, filed.waiting_code in done.out) == (0, True), done.err


async def test_an_agency_that_the_directory_lacks_is_an_error(shell: Shell) -> None:
    for command in (
        ["tasks", "--agency", "H99"],
        ["board", "--agency", "H99", "--once"],
        ["result", "list", "--agency", "H99"],
        ["access", "report", "--agency", "H99"],
        ["receipt", "list", "H99", "2026"],
        ["till", "list", "H99"],
        ["papers", "register", "H99", "2026", "--json"],
        ["papers", "templates", "show", "receipt", "--agency", "H99"],
        ["directory", "present", "H99", "o-1", "leader", "--from", "2026-11-25"],
    ):
        refused = await shell(*command)
        assert (refused.code, refused.err) == (3, "the directory has no agency H99\n"), command


async def test_a_directory_is_loaded_whole_or_not_at_all(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "directory.yaml"
    file.write_bytes(DIRECTORY.replace(b"H01.12", b"H01.11").replace(b"h01.12", b"h01.11"))
    loaded = await shell("directory", "load", file, "--json")
    assert (loaded.code, loaded.json) == (0, {"agencies": AGENCIES, "officers": OFFICERS})
    listed = (await shell("directory", "list", "--json")).json
    assert len(listed) == AGENCIES + 1
    [added] = [agency for agency in listed if agency["agency"] == "H01.11"]
    first = added["officers"][0]
    assert (added["kind"], added["province"]) == ("commune", "H01")
    assert (first["subject"], first["roles"]) == ("h01.11-auditor-1", ["auditor"])
    assert "agency.H29.16" in (await shell("directory", "list")).out
    file.write_bytes(DIRECTORY.replace(b"H01.12", b"H01.14").replace(b"[cashier]", b"[king]"))
    refused = await shell("directory", "load", file)
    assert refused.code == 1
    assert "king" in refused.err or "roles" in refused.err
    assert len((await shell("directory", "list", "--json")).json) == AGENCIES + 1
    assert (await shell("directory", "load", tmp_path / "none.yaml")).code == 2


def beside_nobody(dsn: str) -> str:
    """Returns the address with an additional first host, at which no server answers."""
    return f"{dsn.replace('@', '@127.0.0.1:1,')}&target_session_attrs=read-write"


async def test_migrate_makes_the_tables_and_may_be_repeated(world: World, shell: Shell) -> None:
    name = f"t{uuid4().hex[:12]}"
    owner, application = (beside_nobody(database_url(dsn, name)) for dsn in (world.owner_dsn, world.app_dsn))
    env = {"MOTCUA_OWNER_DATABASE_URL": owner, "MOTCUA_DATABASE_URL": application}
    maintenance = await asyncpg.connect(database_url(world.superuser_dsn, "postgres"))
    await maintenance.execute(f"create database {name} owner motcua_owner")
    try:
        before = await shell("tasks", **env)
        assert (before.code, "motcua migrate" in before.err) == (1, True)
        for _ in range(2):
            assert (await shell("migrate", **env)).code == 0
        assert (await shell("tasks", "--json", **env)).json == []
    finally:
        await maintenance.execute(f"drop database {name} with (force)")
        await maintenance.close()


@walked("command", [*READS, *OWNERS], exactly=12)
async def test_without_a_database_a_command_says_what_to_set_or_that_it_does_not_answer(
    alone: Shell, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setattr(database, "SHORT", 0.0)

    async def at(address: str | None) -> Ended:
        return await alone(*command, MOTCUA_DATABASE_URL=address, MOTCUA_OWNER_DATABASE_URL=address)

    unset, away, nonsense = await at(None), await at(NOBODIES), await at("nonsense")
    assert (unset.code, away.code, nonsense.code) == (2, 4, 2)
    assert ("MOTCUA_OWNER_DATABASE_URL" if command in OWNERS else "MOTCUA_DATABASE_URL") in unset.err
    assert "database at 127.0.0.1:1, db2:5432 (" in away.err
    assert "motcua up" in unset.err
    assert "Traceback" not in away.err


@walked(
    ("changed", "code", "words"),
    [
        ({"MOTCUA_MASTER_KEY": ""}, 2, "MOTCUA_MASTER_KEY"),
        ({"TEMPORAL_ADDRESS": "127.0.0.1:1"}, 4, "reached at 127.0.0.1:1"),
        ({"TEMPORAL_NAMESPACE": "nowhere"}, 4, "Temporal has no namespace nowhere"),
        ({"TEMPORAL_ADDRESS": "127.0.0.1:1,127.0.0.1:2"}, 2, "TEMPORAL_ADDRESS takes one host:port"),
        ({"MOTCUA_DATABASE_URL": NOBODY}, 4, "database"),
    ],
    exactly=5,
)
async def test_a_failing_start_says_why(
    world: World, tmp_path: Path, changed: dict[str, str], code: int, words: str
) -> None:
    ended = await motcua(world.process_env | {"LANG": "en"} | changed, "worker", folder=tmp_path)
    assert (ended.code, words in ended.err, "Traceback" in ended.err) == (code, True, False), ended.err


async def test_what_stands_still_is_shown_also_without_the_record(world: World, shell: Shell) -> None:
    filing = uuid4()
    async with Worker(world.temporal, task_queue="stumbling", workflows=[Buggy]):
        await world.temporal.start_workflow(Buggy.run, id=f"filing:{filing}", task_queue="stumbling")
        await eventually(lambda: count_reported(world.temporal), bool)
    shown = await shell("filings", "stalled", MOTCUA_DATABASE_URL=NOBODY)
    assert shown.code == 0
    assert str(filing) in shown.out
    assert "LookupError at workflow/stumbling.py" in shown.out
    assert "1 stalled" in shown.out
    assert "CANARY" not in shown.out + shown.err
    assert "codes can't be read" in shown.err
    nobody = await shell("filings", "stalled", "--patience", "0.2", TEMPORAL_ADDRESS="127.0.0.1:1")
    assert (nobody.code, nobody.out) == (4, "")


# `motcua fee` over what is published: which version, which province, which day; and its answers to programs.

CODE_OF_EXTRACT: Final = "2.000635"
PERMIT: Final = "1.013225"


@pytest.fixture
async def fee(world: World) -> Asking:
    """Queries of fees over the whole published catalogue, with the provinces' differences."""
    await world.execute("truncate procedure, province_overlay")
    for file in sorted(PROCEDURES.glob("*.yaml")):
        await publish(world.owner_dsn, file)
    for file in sorted(PROVINCES.glob("*.yaml")):
        await publish_province(world.owner_dsn, file.read_bytes())
    return Asking(Shell({"MOTCUA_OWNER_DATABASE_URL": world.owner_dsn, "COLUMNS": "250"}))


class Asking:
    def __init__(self, run: Shell) -> None:
        self.run = run

    async def __call__(self, *arguments: str | Path, code: int = 0) -> dict[str, Any]:
        ended = await self.run("fee", *arguments, "--json")
        assert ended.code == code, ended
        answer: dict[str, Any] = ended.json
        return answer


async def test_a_fee_is_told_by_province_day_channel_and_what_is_declared(fee: Asking) -> None:
    answer = await fee(CODE_OF_EXTRACT, "--channel", "online", "--set", "copies=3", "--at", "2026-12-01")
    assert [answer[key] for key in ("version", "province", "at", "total")] == ["2026-12", None, "2026-12-01", 24_000]
    [line] = answer["lines"]
    assert line["reason"]["vi"] == "8.000 đồng × 3 (“Số lượng bản sao”) = 24.000 đồng"

    on = ("--at", "2026-12-01")
    by_province = {province: await fee(PERMIT, "--province", province, *on) for province in ("H01", "H24", "H56")}
    assert {province: (one["total"], one["version"], one["province"]) for province, one in by_province.items()} == {
        "H01": (75_000, "2026-12.H01.2026-12", "H01"),
        "H24": (50_000, "2026-12.H24.2026-12", "H24"),
        "H56": ((await fee(PERMIT, "--at", "2026-12-01"))["total"], "2026-12", None),
    }
    assert (await fee(f"{PERMIT}@2026-12", "--province", "H24"))["total"] == 50_000
    assert (await fee(f"{PERMIT}@2026-12.H24.2026-12"))["province"] == "H24"

    ends = [await fee("2.001195", "--set", "request=exchange", "--at", day) for day in ("2026-12-31", "2027-01-01")]
    seen = [(one["total"], one["lines"][0]["rule"]) for one in ends]
    assert seen == [(25_000, "exchange_half"), (50_000, "exchange")]


async def test_what_is_missing_is_named_and_what_is_wrong_is_refused(fee: Asking) -> None:
    missing = await fee(CODE_OF_EXTRACT, code=1)
    assert [(one["field"], one["rule"]) for one in missing["missing"]] == [("copies", "field_required")]
    wrong = await fee(CODE_OF_EXTRACT, "--set", "copies=0", "--set", "pages=1", code=1)
    found = {(one["field"], one["rule"]) for one in wrong["problems"]}
    assert found == {("copies", "below_minimum"), ("pages", "unknown_field")}
    twice = await fee(CODE_OF_EXTRACT, "--set", "copies=1", "--set", "copies=2", code=2)
    assert [(one["field"], one["rule"]) for one in twice["problems"]] == [("copies", "field_given_twice")]
    for arguments, code in (
        ((CODE_OF_EXTRACT, "--set", "copies"), 2),
        ((CODE_OF_EXTRACT, "--province", "Hà Nội"), 2),
        ((CODE_OF_EXTRACT, "--at", "tomorrow"), 2),
        ((CODE_OF_EXTRACT, "--channel", "pigeon"), 2),
        (("9.999999",), 3),
        (("no-such-file.yaml",), 3),
    ):
        assert (await fee.run("fee", *arguments)).code == code, arguments


async def test_people_read_a_table_and_programs_the_inputs(fee: Asking) -> None:
    assert "Total: 24,000 đồng" in (await fee.run("fee", CODE_OF_EXTRACT, "--set", "copies=3")).out
    missing = await fee.run("fee", CODE_OF_EXTRACT)
    assert (missing.code, "missing copies" in missing.out) == (1, True)
    listed = (await fee.run("procedures", "show", "1.004222", "--json")).json["inputs"]
    assert [one["option"] for one in listed] == ["--channel", "--set applicant.kind", "--set vneid_papers"]
    file = PROCEDURES / f"{CODE_OF_EXTRACT}@2026-12.yaml"
    assert (await fee(file, "--set", "copies=2"))["total"] == 16_000
    assert (await fee.run("fee", file, "--province", "H24")).code == 2
    waiver = await fee("1.004222", "--channel", "online", "--at", "2026-12-01", "--waiver", "hardship")
    assert (waiver["total"], waiver["waived"], waiver["waiver"]["code"]) == (0, 10_000, "hardship")
