"""The embedded stack on real processes, with its parts killed; and `motcua demo` on a stack of its own."""

import asyncio
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx
import psutil
import pytest
from temporalio.client import Client

from console.database import connected
from console.home import CODEC, Home
from console.processes import IDENTITY, Process
from demo.scenario import SCENARIOS, load, mix
from deploy.commands.up import _stock
from deploy.stack import Stack, StackError, child, registering, up
from deploy.stack.child import Part
from deploy.stack.temporal import FOUND, INDEXES, LIST
from motcua import NotAuthorised
from motcua.identity import new_key
from motcua.signing import KEY_FILE
from rules.require import require
from schemas.filing.state import Closing
from schemas.level import Level
from tests.conftest import ROOT
from tests.faults.processes import kill
from tests.integration.deploy.demos import (
    QUICK,
    demo,
    in_temporals_files,
    no_canary,
    start,
    up_in_a_folder,
    wait_until_up,
    written,
)
from tests.printed import raw_text

READY = "import os, time; open(os.environ['MOTCUA_READY_FILE'], 'w').close(); time.sleep(600)"
LISTEN = "import socket, sys, time; s = socket.create_server(('127.0.0.1', int(sys.argv[2]))); time.sleep(600)"
WORKER = [sys.executable, "-c", READY]
SANDBOX = [sys.executable, "-c", LISTEN]
HOLDER = """
import asyncio, sys
from pathlib import Path
from deploy.stack import Stack, up
asyncio.run(up(Stack(Path(sys.argv[1]), parts=("postgres", "temporal"), progress=lambda line: print(line, flush=True))))
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """Yields a folder outside pytest's folder, which is closed to other users: PostgreSQL may run as another user."""
    with tempfile.TemporaryDirectory(prefix="motcua-") as folder:
        yield Path(folder).resolve()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.02)


async def query(stack: Stack, statement: str, who: str = "MOTCUA_OWNER_DATABASE_URL") -> object:
    async with connected(stack.env[who]) as connection:
        return await connection.fetchval(statement)


def listens(address: str) -> bool:
    host, port = address.rsplit(":", 1)
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


async def test_the_doctor_finds_the_scanner_that_the_worker_uses(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTCUA_CLAMD", "/run/clamd.sock")
    async with Stack(home, parts=["bank"]) as stack:
        assert (stack.home.read_env() or {})["MOTCUA_CLAMD"] == "/run/clamd.sock"
    monkeypatch.delenv("MOTCUA_CLAMD")
    async with Stack(home, parts=["bank"]) as stack:
        assert "MOTCUA_CLAMD" not in (stack.home.read_env() or {})


async def test_what_runs_once_is_tried_again_when_it_died(home: Path) -> None:
    store = Home(home)
    store.create()
    script = "test -e tried || { touch tried; exit 1; }"
    command = ["/bin/sh", "-c", f"cd {home} && {script}"]
    part = Part(Process(name="once", once=True), command=command, ready=lambda: asyncio.sleep(0, result=True))
    once = child.Child(part, store, dict(os.environ), lambda _: None)
    await asyncio.wait_for(once.supervise(()), 20)
    await once.started
    assert (home / "tried").exists()


async def test_temporals_list_keeps_the_indexes_that_are_asked_by_and_no_other(home: Path) -> None:
    def indexes() -> set[str]:
        with closing(sqlite3.connect(home / "temporal" / "temporal.db")) as connection:
            return {name for (name,) in connection.execute(FOUND, [LIST])}

    async with Stack(home, parts=["temporal"]):
        assert indexes() == INDEXES
    with closing(sqlite3.connect(home / "temporal" / "temporal.db")) as connection:
        connection.execute(f"CREATE INDEX by_keyword_01 ON {LIST} (namespace_id, Keyword01)")
    async with Stack(home, parts=["temporal"]) as stack:
        assert indexes() == INDEXES  # also of data that an older motcua made
        client = await Client.connect(stack.env["TEMPORAL_ADDRESS"])
        found = await client.count_workflows("TaskQueue = 'no index' OR TemporalReportedProblems IS NOT NULL")
        assert found.count == 0


async def test_a_clean_stop_leaves_the_data_and_nothing_else(home: Path) -> None:
    async with Stack(home, parts=["postgres", "temporal"]) as stack:
        first = dict(stack.env)
        processes = [psutil.Process(stack.pid(part)) for part in ("postgres", "temporal")]
        await query(stack, "CREATE TABLE kept AS SELECT 1 AS number")
        assert sorted(file.name for file in (home / "run").glob("*.pid")) == ["postgres.pid", "temporal.pid"]
        assert stack.home.read_env() == first
        assert (home / "run" / "env").stat().st_mode & 0o777 == 0o600
    assert not any(process.is_running() for process in processes)
    assert not listens(first["TEMPORAL_ADDRESS"])
    assert not list((home / "run").glob("*.pid"))
    assert stack.home.read_env() is None
    assert "database system is shut down" in (home / "log" / "postgres.log").read_text()
    async with Stack(home, parts=["postgres", "temporal"]) as stack:
        assert stack.env == first
        assert await query(stack, "SELECT number FROM kept") == 1


async def test_a_second_stack_attaches_and_stops_nothing(home: Path) -> None:
    async with Stack(home, parts=["postgres"]) as first:
        pid = first.pid("postgres")
        async with Stack(home, parts=["postgres"]) as second:
            assert (second.attached, second.env, await query(second, "SELECT 1")) == (True, first.env, 1)
        assert first.pid("postgres") == pid
        assert await query(first, "SELECT 1") == 1


async def test_a_stack_says_that_it_is_up_once_it_is_stocked(home: Path) -> None:
    told: list[str] = []

    async def stock(stack: Stack) -> None:
        told.append(f"stocked, addresses {'there' if stack.home.env_file.exists() else 'not there yet'}")

    async with Stack(home, parts=(), stock=stock, progress=told.append):
        assert told == ["stocked, addresses not there yet", f"up; addresses in {home.resolve()}/run/env"]
    async with Stack(home, parts=(), progress=told.append) as other, Stack(home, parts=(), stock=stock) as attached:
        assert (other.attached, attached.attached) == (False, True)
    assert told.count("stocked, addresses not there yet") == 1


async def test_a_key_of_another_folder_is_named_as_the_reason(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(IDENTITY, "required")
    async with Stack(home, stock=_stock) as stack:
        monkeypatch.setattr(registering, "_KNOWN_WITHIN", 0.5)
        new_key(other := home / "other.pem")
        with pytest.raises(NotAuthorised) as refused:
            await registering.let_speak(stack.env | {KEY_FILE: str(other)})
    assert [problem.rule for problem in refused.value.refusal.problems] == ["unknown_key"]


async def test_the_application_role_owns_nothing(home: Path) -> None:
    async with Stack(home, parts=["postgres"]) as stack:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await query(stack, "CREATE TABLE mine (number int)", "MOTCUA_DATABASE_URL")
        assert await query(stack, "SHOW data_checksums") == "on"
        assert await query(stack, "SHOW server_encoding") == "UTF8"
        stranger = urlsplit(stack.env["MOTCUA_DATABASE_URL"])
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(host=stranger.hostname, port=stranger.port, user="postgres", password="guess")


async def test_all_parts_start_and_each_sees_only_its_settings(home: Path) -> None:
    tell = f"import os; open(os.environ['MOTCUA_HOME'] + '/seen', 'w').write(chr(10).join(os.environ)); {READY}"
    commands = {"worker": [sys.executable, "-c", tell], "back-office": WORKER, "bank": SANDBOX, "post": SANDBOX}
    lines: list[str] = []
    parts = ["postgres", "temporal", "bank", "post", "worker", "back-office"]
    async with Stack(home, parts=parts, commands=commands, progress=lines.append) as stack:
        assert sorted(file.stem for file in (home / "run").glob("*.pid")) == sorted(parts)
        assert listens(stack.env["MOTCUA_BANK_URL"].removeprefix("http://"))
        seen = set((home / "seen").read_text().split())
        await kill(stack, "worker")
        await kill(stack, "bank")
    assert {line.split()[0] for line in lines if "ready after" in line} == set(parts)
    assert {"MOTCUA_DATABASE_URL", "MOTCUA_MASTER_KEY", "MOTCUA_POST_URL", "MOTCUA_METRICS", "TEMPORAL_ADDRESS"} <= seen
    assert not {"MOTCUA_OWNER_DATABASE_URL", "MOTCUA_SUPERUSER_DATABASE_URL"} & seen


async def test_a_part_that_cannot_start_is_named_with_the_end_of_its_log(home: Path) -> None:
    await starts_in_vain(
        home, "raise SystemExit('no such queue')", r"worker does not start \(exit 1\)[\s\S]*no such queue"
    )


async def test_a_part_that_never_gets_ready_ends_the_start(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "START_TIMEOUT", 0.3)
    await starts_in_vain(home, "import time; time.sleep(600)", "worker is not ready after")


async def starts_in_vain(home: Path, program: str, why: str) -> None:
    with pytest.raises(StackError, match=why):
        async with Stack(home, parts=["worker"], commands={"worker": [sys.executable, "-c", program]}):
            pass
    assert not list((home / "run").glob("*.pid"))


async def test_a_killed_supervisor_takes_its_parts_along_and_the_next_one_finds_the_data(home: Path) -> None:
    holder = await hold(home)
    stack = Stack(home, parts=["postgres", "temporal"])
    await until(lambda: stack.home.read_env() is not None)
    old = {stack.pid(part) for part in ("postgres", "temporal")}
    stack.env = stack.home.read_env() or {}
    await query(stack, "CREATE TABLE kept AS SELECT 1 AS number")
    holder.kill()
    await holder.wait()
    async with stack:
        assert not stack.attached
        assert old.isdisjoint({stack.pid(part) for part in ("postgres", "temporal")})
        assert await query(stack, "SELECT number FROM kept") == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_stops_the_running_stack_cleanly(home: Path, number: signal.Signals) -> None:
    holder = await hold(home)
    await until((home / "run" / "env").exists)
    holder.send_signal(number)
    holder.send_signal(number)
    output, _ = await asyncio.wait_for(holder.communicate(), 30)
    assert holder.returncode == 0, output
    assert "database system is shut down" in (home / "log" / "postgres.log").read_text()
    assert not list((home / "run").glob("*.pid"))


async def test_a_recorded_pid_is_ended_only_if_the_process_is_of_this_home(home: Path) -> None:
    records = Stack(home).home
    records.create()
    sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
    ours = await asyncio.create_subprocess_exec(*sleep, env={**os.environ, "MOTCUA_HOME": str(records.root)})
    stranger = await asyncio.create_subprocess_exec(*sleep)
    records.pid_file("bank").write_text(f"{ours.pid}\n")
    records.pid_file("post").write_text(f"{stranger.pid}\n")
    async with Stack(home, parts=["worker"], commands={"worker": WORKER}):
        assert await asyncio.wait_for(ours.wait(), 5) == -signal.SIGTERM
        assert stranger.returncode is None
        assert [file.name for file in (home / "run").glob("*.pid")] == ["worker.pid"]
    stranger.kill()
    assert await stranger.wait() == -signal.SIGKILL


async def test_a_postmaster_pid_whose_number_went_to_a_stranger_does_not_block_the_start(home: Path) -> None:
    async with Stack(home, parts=["postgres"]) as stack:
        await query(stack, "CREATE TABLE kept AS SELECT 1 AS number")
    data = home / "postgres"
    owner = data.stat()
    # Of the server's own user: that is whom PostgreSQL takes for another server.
    stranger = await asyncio.create_subprocess_exec(
        "sleep", "600", user=owner.st_uid if os.geteuid() == 0 else None, stdout=subprocess.DEVNULL
    )
    (data / "postmaster.pid").write_text(f"{stranger.pid}\n{data}\n1700000000\n5432\n\n127.0.0.1\n\nready\n")
    async with Stack(home, parts=["postgres"]) as stack:
        assert await query(stack, "SELECT number FROM kept") == 1
    stranger.kill()
    assert await stranger.wait() == -signal.SIGKILL


async def hold(home: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, str(home), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


async def test_up_returns_at_once_where_the_stack_runs_already(home: Path) -> None:
    async with Stack(home, parts=["worker"], commands={"worker": WORKER}):
        second = Stack(home, parts=["worker"])
        await asyncio.wait_for(up(second), 10)
        assert second.attached


# `motcua demo` on a stack of its own: right runs end with 0, a run that differs in one place with 1.


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with up_in_a_folder() as path:
        yield path


def test_filings_that_end_as_they_must_give_0_and_leave_no_personal_data(folder: Path) -> None:
    code, result, said = demo(folder, written(*QUICK), "--files", "left")

    assert code == 0, said
    assert (result["ok"], result["ledger"]["verified"]) == (True, True)
    assert result["bank"] == {"paid_fees": 2, "captures": 2, "one_capture_each": True}
    by_name = {row["scenario"]: row for row in result["filings"]}
    assert set(by_name) == set(QUICK)
    first = by_name["level-1-online"]
    assert (first["code"], first["refusal"]) == (None, ["channel_not_allowed_at_level"])
    posted = by_name["level-4-post"]
    assert (posted["path"], posted["status"]) == ([1, 2, 6, 4, 9, 10], 10)
    assert (posted["fee"], posted["fee_channel"], posted["handed_over"]) == (8000, "online", "post")
    assert posted["code"] in said
    agency, day, _ = posted["code"].split("-")
    label = raw_text((folder / "left" / posted["code"] / "label.pdf").read_bytes(), "Trang số")
    assert re.search(r"Số hiệu bưu gửi: E\d{9}VN", label)
    assert posted["code"] in label
    kept = raw_text((folder / "left" / "register" / f"{agency}-{day[:4]}-{day[4:6]}.pdf").read_bytes(), "Trang số")
    assert posted["code"] in "".join(kept.split())
    assert "Diễn biến hồ sơ" in said
    asyncio.run(no_canary(folder, said))
    assert in_temporals_files(folder) > 10, "what is not sealed stands there readable"


def test_every_part_of_an_expectation_counts(folder: Path) -> None:
    at_the_counter = {"amount": 24000, "channel": "counter", "state": "paid"}
    changes: list[tuple[str, object, str]] = [
        ("path", [1, 2, 4, 6, 9, 10], "path: expected [1, 2, 4, 6, 9, 10], found [1, 2, 6, 4, 9, 10]"),
        ("level", 3, "level: expected 3, found 4"),
        ("status", 9, "status: expected 9, found 10"),
        ("closing", "withdrawn", "closing: expected withdrawn, found delivered"),
        ("outcome", "refused", "outcome: expected refused, found approved"),
        ("fee", {"amount": 8000, "channel": "online", "state": "paid"}, "fee: expected 8000, found 24000"),
        ("fee", at_the_counter, "fee channel: expected counter, found online"),
        ("result_channel", "post", "result channel: expected post, found online"),
        ("handed_over", "post", "handed over: expected post, found online"),
    ]
    scenarios = written(*["level-4-online"] * len(changes), "instant-birth")
    for n, (scenario, (part, value, _)) in enumerate(zip(scenarios, changes, strict=False)):
        scenario["name"] = f"changed-{n}"
        scenario["expected"][part] = value

    refused, filed = written("level-1-online", "instant-birth")
    refused["refused"]["rules"] = ["signature_required"]
    filed["name"], filed["refused"] = "filed", {"code": "bad_submission", "rules": ["x"], "points_to": "x"}
    del filed["expected"]

    code, result, words = demo(folder, [*scenarios, refused, filed])

    assert (code, result["ok"], changes[0][2] in words) == (1, False, True)
    assert "there is a filing, but the submission had to be refused" in result["filings"][-1]["problems"]
    for row, (_, _, difference) in zip(result["filings"], changes, strict=False):
        assert difference in row["problems"]
    assert [row["ok"] for row in result["filings"]] == [*[False] * len(changes), True, False, False]


def test_up_serves_temporals_web_ui(folder: Path) -> None:
    env = require(Home(folder / ".motcua").read_env())
    assert httpx.get(env["MOTCUA_TEMPORAL_UI_URL"]).is_success


def test_ctrl_c_stops_the_stack_that_the_demo_brought_up() -> None:
    with tempfile.TemporaryDirectory(prefix="motcua-") as name:
        path = Path(name).resolve()
        running = start("demo", folder=path)
        wait_until_up(path)
        running.send_signal(signal.SIGINT)
        said, _ = running.communicate(timeout=60)
        assert running.returncode == 130, said
        assert "Traceback" not in said
        assert [file.name for file in (path / ".motcua" / "run").glob("*.pid")] == []
        assert not (path / ".motcua" / "run" / "env").exists()


def test_a_sealed_demo_ends_as_it_must_and_temporal_keeps_nothing_readable() -> None:
    with up_in_a_folder(**{CODEC: "on"}) as folder:
        code, result, said = demo(folder, written(*QUICK))
        assert code == 0, said
        assert result["ok"] is True
        assert {row["scenario"] for row in result["filings"]} == set(QUICK)
        asyncio.run(no_canary(folder, said))
        assert in_temporals_files(folder) == 0


def test_a_mix_holds_every_scenario_and_is_the_same_for_the_same_seed() -> None:
    every = load(SCENARIOS)
    chosen = mix(every, 200, seed=1)
    assert len(chosen) == 200
    assert {scenario.name for scenario in chosen} == {scenario.name for scenario in every}
    assert chosen == mix(every, 200, seed=1) != mix(every, 200, seed=2)
    assert mix(every, None, seed=1) == list(every)
    assert len(mix(every, 3, seed=1)) == 3


def test_the_scenarios_file_covers_every_procedure_and_level() -> None:
    every = load(SCENARIOS)
    assert {scenario.procedure for scenario in every} == {
        file.name.partition("@")[0] for file in (ROOT / "procedures").glob("*.yaml")
    }
    told = [scenario.expected for scenario in every if scenario.expected]
    assert {expected.level for expected in told} == set(Level)
    assert {expected.closing for expected in told} == set(Closing)
    moves = {(0, 1)} | {move for expected in told for move in pairwise(map(int, expected.path))}
    assert moves >= TRANSITIONS


TRANSITIONS = {
    *((0, 1), (1, 2), (1, 3), (1, 5), (1, 7), (2, 4), (2, 6), (2, 7)),
    *((4, 5), (4, 6), (4, 7), (4, 8), (4, 9), (5, 1), (5, 3), (5, 4), (5, 7), (5, 8)),
    *((6, 4), (6, 7), (6, 8), (8, 4), (8, 7), (9, 10), (3, 1), (10, 4)),
}
"""Every change of status in the law's table, with lapsed limits, and restarts by complaints."""
