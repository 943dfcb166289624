"""The platform half of the `motcua` command: what it prints, from where it knows the record, and how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from temporalio.worker import Worker

from console import retry
from motcua import Submission, filing_id, testing
from motcua.files.store import Store, open_store
from recovery.stalled import count_reported
from rules.require import require
from tests.acting import eventually
from tests.conftest import DIRECTORY, ROOT, World, database_url
from tests.forked import Forked, forked
from tests.shell import Shell
from tests.workflow.stumbling import Buggy

AGENCIES, OFFICERS = DIRECTORY.count(b"- agency:"), DIRECTORY.count(b"subject:")
NOBODY = "postgresql://nobody@127.0.0.1:1/none"
READS = (
    ["filing", "X"],
    ["events", "X"],
    ["tasks"],
    ["ledger", "verify"],
    ["directory", "list"],
    ["ledger", "export", "X", "--out", "x"],
)
OWNERS = (
    ["migrate"],
    ["ledger", "rebuild"],
    ["directory", "load", str(ROOT / "deploy" / "directory.yaml")],
    ["procedures", "list"],
)


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell that knows of no world, beside no running stack."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")
    return Shell({"MOTCUA_MASTER_KEY": b64encode(bytes(32)).decode()})


@pytest.fixture
def shell(world: World, alone: Shell) -> Shell:
    return Shell(alone.env | world.process_env)


EXTRACT = {
    "procedure": "2.000635",
    "form": {"kind": "birth", "person_name": "CANARY Nguyễn Văn Bình", "copies": 2},
    "papers": [],
    "signature": {"key": "papers/sample/signature", "sha256": "0" * 64, "size": 1},
    "payer_account": "CANARY-0004",
}


def sample(**overrides: Any) -> Submission:
    return testing.submission(**{"version": "2026-12-demo"} | overrides)


@dataclass(frozen=True)
class Filed:
    """A filing that has ended, and one that waits for reception."""

    ended: Submission
    ended_code: str
    waiting_code: str


@pytest.fixture
async def filed(running: World) -> Filed:
    ended = sample()
    client = running.client
    code = (await client.submit(ended)).code
    waiting = (await client.submit(sample(**EXTRACT))).code
    async for _ in client.follow(filing_id(ended.client_id, ended.submission_id)):
        pass
    assert code
    assert waiting
    return Filed(ended, code, waiting)


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
    assert shown.code == 0
    assert "Registered" in shown.out


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
    assert shown.code == 0
    assert "handed_over" in shown.out


@pytest.mark.parametrize("command", ["filing", "events"])
async def test_a_filing_that_is_not_there_is_3(shell: Shell, command: str) -> None:
    ended = await shell(command, "H01.12-20261125-9999999")

    assert ended.code == 3
    assert "H01.12-20261125-9999999" in ended.err
    assert not ended.out


async def test_tasks_are_the_queues_by_agency_role_and_officer(filed: Filed, shell: Shell) -> None:
    rows = (await shell("tasks", "--json")).json

    assert [(row["code"], row["role"]) for row in rows] == [(filed.waiting_code, "reception")]
    assert "accept" in rows[0]["actions"]
    assert len((await shell("tasks", "--agency", "H56.30", "--role", "reception", "--json")).json) == 1
    for other in (["--agency", "H01.12"], ["--role", "leader"], ["--officer", "nobody"], ["--overdue"]):
        assert (await shell("tasks", *other, "--json")).json == []
    shown = await shell("tasks")
    assert shown.code == 0
    assert filed.waiting_code in shown.out
    assert (await shell("tasks", "--role", "king")).code == 2


@pytest.mark.usefixtures("filed")
async def test_the_ledger_is_verified_and_what_is_broken_is_named(world: World, shell: Shell) -> None:
    whole = await shell("ledger", "verify", "--json")
    assert whole.code == 0
    async with world.connection() as connection:
        streams, events = require(await connection.fetchrow("select count(distinct stream), count(*) from event"))
    wrong: dict[str, list[object]] = {"problems": [], "register": [], "publications": [], "bindings": []}
    assert whole.json == {"verified": True, "streams": streams, "events": events, "names": True} | wrong
    assert "verified" in (await shell("ledger", "verify")).out

    async with world.connection() as superuser:
        await superuser.execute("alter table event disable trigger all")
        stream = await superuser.fetchval("update event set via = 'x' where kind = 'decided' returning stream")
    broken = await shell("ledger", "verify", "--json")
    assert broken.code == 1
    assert broken.json["problems"] == [
        {
            "stream": stream,
            "seq": 3,
            "number": None,
            "rule": "hash",
            "message": "the stored columns do not give the stored hash",
        }
    ]
    said = await shell("ledger", "verify")
    assert said.code == 1
    assert f"{stream} seq 3" in said.out


async def test_a_directory_is_loaded_whole_or_not_at_all(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "directory.yaml"
    file.write_bytes(DIRECTORY.replace(b"H01.12", b"H01.11").replace(b"h01.12", b"h01.11"))
    loaded = await shell("directory", "load", file, "--json")
    assert (loaded.code, loaded.json) == (0, {"agencies": AGENCIES, "officers": OFFICERS})

    listed = (await shell("directory", "list", "--json")).json
    assert len(listed) == AGENCIES + 1
    [added] = [agency for agency in listed if agency["agency"] == "H01.11"]
    assert (added["kind"], added["province"]) == ("commune", "H01")
    assert added["officers"][0]["subject"] == "h01.11-auditor-1"
    assert added["officers"][0]["roles"] == ["auditor"]
    assert "agency.H29.16" in (await shell("directory", "list")).out

    file.write_bytes(DIRECTORY.replace(b"H01.12", b"H01.14").replace(b"[cashier]", b"[king]"))
    refused = await shell("directory", "load", file)
    assert refused.code == 1
    assert "king" in refused.err or "roles" in refused.err
    assert len((await shell("directory", "list", "--json")).json) == AGENCIES + 1
    assert (await shell("directory", "load", tmp_path / "none.yaml")).code == 2


async def test_migrate_makes_the_tables_and_may_be_repeated(world: World, shell: Shell) -> None:
    name = f"t{uuid4().hex[:12]}"
    owner, application = database_url(world.owner_dsn, name), database_url(world.app_dsn, name)
    env = {"MOTCUA_OWNER_DATABASE_URL": owner, "MOTCUA_DATABASE_URL": application}
    maintenance = await asyncpg.connect(database_url(world.superuser_dsn, "postgres"))
    await maintenance.execute(f"create database {name} owner motcua_owner")
    try:
        before = await shell("tasks", **env)
        assert before.code == 1
        assert "motcua migrate" in before.err
        for _ in range(2):
            assert (await shell("migrate", **env)).code == 0
        assert (await shell("tasks", "--json", **env)).json == []
    finally:
        await maintenance.execute(f"drop database {name} with (force)")
        await maintenance.close()


@pytest.mark.parametrize("command", [*READS, *OWNERS], ids=" ".join)
async def test_without_an_address_a_command_says_what_to_set(alone: Shell, command: list[str]) -> None:
    ended = await alone(*command, MOTCUA_DATABASE_URL=None, MOTCUA_OWNER_DATABASE_URL=None)

    assert ended.code == 2
    assert ("MOTCUA_OWNER_DATABASE_URL" if command in OWNERS else "MOTCUA_DATABASE_URL") in ended.err
    assert "motcua up" in ended.err


@pytest.mark.parametrize("command", [*READS, *OWNERS], ids=" ".join)
async def test_a_database_that_does_not_answer_is_4(
    alone: Shell, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "SHORT", 0.0)
    ended = await alone(*command, MOTCUA_DATABASE_URL=NOBODY, MOTCUA_OWNER_DATABASE_URL=NOBODY)

    assert ended.code == 4
    assert "Traceback" not in ended.err
    assert (await alone(*command, MOTCUA_DATABASE_URL="nonsense", MOTCUA_OWNER_DATABASE_URL="nonsense")).code == 2


async def test_a_change_needs_the_owner(world: World, shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "directory.yaml").write_bytes(DIRECTORY)

    ended = await shell("directory", "load", tmp_path / "directory.yaml", MOTCUA_OWNER_DATABASE_URL=world.app_dsn)

    assert ended.code == 1
    assert "owner" in ended.err


async def test_beside_a_running_stack_nothing_need_be_set(world: World, shell: Shell, tmp_path: Path) -> None:
    run = tmp_path / ".motcua" / "run"
    run.mkdir(parents=True)
    (run / "env").write_text(f"MOTCUA_DATABASE_URL={world.app_dsn}\nMOTCUA_OWNER_DATABASE_URL={world.owner_dsn}\n")
    nothing = {"MOTCUA_DATABASE_URL": None, "MOTCUA_OWNER_DATABASE_URL": None}

    assert len((await shell("directory", "list", "--json", **nothing)).json) == AGENCIES
    assert len((await shell("procedures", "list", "--json", **nothing)).json) >= 13


def process(*arguments: str, env: Mapping[str, str], folder: Path) -> Forked:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("MOTCUA_", "TEMPORAL_"))}
    return forked(
        *("motcua.command", *arguments),
        cwd=folder,
        env={**clean, "PYTHONPATH": str(ROOT), **env},
        stderr=asyncio.subprocess.PIPE,
    )


async def test_a_worker_serves_until_it_is_told_to_stop(world: World, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    env = world.process_env | {"MOTCUA_READY_FILE": str(ready)}
    worker = process("worker", env=env, folder=tmp_path)
    try:
        async with asyncio.timeout(20):
            while not ready.exists():
                await asyncio.sleep(0.05)
        submission = sample()
        filing = filing_id(submission.client_id, submission.submission_id)
        await Store(open_store(world.objects)).put(filing, testing.PAPER, "application/pdf")
        assert (await world.client.submit(submission)).code
        worker.send_signal(signal.SIGTERM)
        _, said = await asyncio.wait_for(worker.communicate(), 20)
        assert worker.returncode == 0, said.decode()
    finally:
        if worker.returncode is None:
            worker.kill()
            await worker.wait()


@pytest.mark.parametrize(
    ("changed", "code", "words"),
    [
        ({"MOTCUA_MASTER_KEY": ""}, 2, "MOTCUA_MASTER_KEY"),
        ({"TEMPORAL_ADDRESS": "127.0.0.1:1"}, 4, "Temporal does not answer"),
        ({"TEMPORAL_NAMESPACE": "nowhere"}, 4, "Temporal has no namespace nowhere"),
        ({"MOTCUA_DATABASE_URL": NOBODY}, 4, "database"),
    ],
)
async def test_a_worker_that_can_not_begin_says_why(
    world: World, tmp_path: Path, changed: dict[str, str], code: int, words: str
) -> None:
    worker = process("worker", env=world.process_env | {"LANG": "en"} | changed, folder=tmp_path)
    _, said = await asyncio.wait_for(worker.communicate(), 60)

    assert worker.returncode == code
    assert words in said.decode()
    assert "Traceback" not in said.decode()


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
