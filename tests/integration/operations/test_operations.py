"""docs/operations.md followed by hand: settings alone configure every process; the metrics on the page exist."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx
import psutil
import pytest

from console.home import Home
from deploy.stack import Stack
from deploy.stack.parts import binary
from deploy.stack.postgres import identity, system_user
from motcua import NotAuthorised, filing_id, testing
from operations.doctor.check import SETTINGS
from operations.programs import POSTGRES
from rules.require import require
from schemas.filing import commands as cm
from schemas.people import Role
from tests.acting import Play, birth, eventually, extract
from tests.conftest import ROOT, World, publish_demo, world_of
from tests.faults.processes import worker_process
from tests.forked import forked
from workers.settings import WorkerSettings

PAGE: Final = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
NAMESPACE: Final = "by-hand"
OUTSIDE: Final = ("MOTCUA_BANK_URL", "MOTCUA_POST_URL", "MOTCUA_SIGNER_URL", "MOTCUA_SIGNATURE_ROOTS", "MOTCUA_TSA_URL")
CLEAN: Final = {name: value for name, value in os.environ.items() if not name.startswith(("MOTCUA_", "TEMPORAL_"))}


class ByHand:
    """Servers and processes on ports of their own, without a stack."""

    def __init__(self, folder: Path, partners: Mapping[str, str]) -> None:
        self.folder = folder
        self.partners = {name: partners[name] for name in OUTSIDE}
        self._processes: list[asyncio.subprocess.Process] = []
        home = Home(folder / "ports")
        home.create()
        self.ports = home.ports(("postgres", "temporal", "gateway"))
        self.user = system_user(folder)
        self.here = folder / "here"
        self.here.mkdir()
        (folder / "objects").mkdir()

    @property
    def settings(self) -> dict[str, str]:
        """Returns all settings of the processes, as the page names them."""
        database = f"127.0.0.1:{self.ports['postgres']}/motcua?sslmode=disable"
        return self.partners | {
            "MOTCUA_DATABASE_URL": f"postgresql://motcua_app:app-password@{database}",
            "MOTCUA_OWNER_DATABASE_URL": f"postgresql://motcua_owner:owner-password@{database}",
            "MOTCUA_MASTER_KEY": base64.b64encode(os.urandom(32)).decode(),
            "MOTCUA_OBJECTS": (self.folder / "objects").as_uri(),
            "MOTCUA_FILES_KEY": base64.b64encode(os.urandom(32)).decode(),
            "MOTCUA_FILES_URL": f"http://127.0.0.1:{self.ports['gateway']}",
            "MOTCUA_GATEWAY_PORT": str(self.ports["gateway"]),
            "TEMPORAL_ADDRESS": f"127.0.0.1:{self.ports['temporal']}",
            "TEMPORAL_NAMESPACE": NAMESPACE,
        }

    async def postgres(self) -> None:
        """Starts a new PostgreSQL, with the roles and the database of the page."""
        data = self.folder / "postgres"
        data.mkdir(mode=0o700)
        if self.user:
            shutil.chown(data, self.user)
        options = ["--encoding=UTF8", "--locale=C", "--auth=trust", "--username=postgres"]
        initdb, pipe, same = str(POSTGRES / "initdb"), subprocess.PIPE, subprocess.STDOUT
        made = await asyncio.create_subprocess_exec(
            initdb, "-D", str(data), *options, cwd=self.folder, stdout=pipe, stderr=same, **identity(self.user)
        )
        said, _ = await made.communicate()
        assert made.returncode == 0, said.decode()
        options = [f"--port={self.ports['postgres']}", "--listen_addresses=127.0.0.1", "--unix_socket_directories="]
        await self.start(str(POSTGRES / "postgres"), "-D", str(data), *options, **identity(self.user))
        (sql,) = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
        maintenance = f"postgresql://postgres@127.0.0.1:{self.ports['postgres']}/postgres"
        connection = require(await eventually(lambda: connected(maintenance), lambda found: found is not None))
        for statement in filter(str.strip, sql.split(";")):
            await connection.execute(statement)
        await connection.close()

    async def temporal(self) -> None:
        port = str(self.ports["temporal"])
        options = ["--headless", "--disable-config-file", "--ip", "127.0.0.1", "--namespace", NAMESPACE]
        for name, value in re.findall(r"\| `((?:limit|history)\.\w+\.?\w*)` \|[^|]*\| `(\d+)` \|", PAGE):
            options += ["--dynamic-config-value", f"{name}={value}"]
        await self.start(binary("temporal"), "server", "start-dev", "--port", port, *options)

    async def begin(self, env: Mapping[str, str]) -> None:
        """Registers the programs that the page describes."""
        files, keys = list[Path](), list[str | Path]()
        for about, name in re.findall(r"```yaml\n( +id: ([a-z-]+)\n.*?)```", PAGE, re.DOTALL):
            file, private = self.here / f"{name}.yaml", self.here / f"{name}.pem"
            file.write_text(about, encoding="utf-8")
            (public := self.here / f"{name}.pub.pem").write_text(await self.run(env, "principals", "key", private))
            proof = await self.run(env, "principals", "prove", private, "--principal", name)
            files.append(file)
            keys += ["--key", public, "--proof", proof.strip()]
        until = str(datetime.now(UTC).date() + timedelta(days=365))
        who = ("--until", until, "--reason", "first start", "--as", "operator:h01.12-operator-1@H01.12")
        await self.run(env, "principals", "begin", *files, *keys, *who)

    def speaking(self, name: str = "first-start") -> dict[str, str]:
        """Returns the settings with which a program of the page signs."""
        return {"MOTCUA_IDENTITY_PRINCIPAL": name, "MOTCUA_IDENTITY_KEY_FILE": str(self.here / f"{name}.pem")}

    async def serve(self, env: Mapping[str, str], *words: str) -> None:
        ready = self.folder / f"{'-'.join(words)}.ready"
        command = [sys.executable, "-m", "motcua.command", *words]
        await self.start(*command, env={**CLEAN, **env} | {"MOTCUA_READY_FILE": str(ready)})
        await eventually(lambda: asyncio.to_thread(ready.exists), bool)

    async def start(self, *command: str | Path, env: Mapping[str, str] = CLEAN, **options: Any) -> None:
        """Starts a process, which is ended with the test."""
        with (self.folder / "log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *command, cwd=self.here, env={**env, "PYTHONPATH": str(ROOT)}, stdout=log, stderr=log, **options
            )
        self._processes.append(process)

    async def end(self) -> None:
        await asyncio.gather(*map(end, self._processes))

    async def run(self, env: Mapping[str, str], *words: str | Path, code: int = 0) -> str:
        own, pipe = {**CLEAN, **env}, asyncio.subprocess.PIPE
        process = forked("motcua.command", *words, cwd=self.here, env=own, stdout=pipe, stderr=pipe)
        said, complained = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == code, said + complained
        assert b"Traceback" not in complained
        return (said + complained).decode()


async def connected(dsn: str) -> asyncpg.Connection[asyncpg.Record] | None:
    try:
        return await asyncpg.connect(dsn)
    except (OSError, asyncpg.PostgresError):
        return None


async def end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGINT)
        try:
            await asyncio.wait_for(process.wait(), 15)
        except TimeoutError:
            process.kill()
            await process.wait()


@pytest.fixture
async def by_hand(stack: Mapping[str, str]) -> AsyncIterator[ByHand]:
    with tempfile.TemporaryDirectory(prefix="motcua-") as folder:
        made = ByHand(Path(folder).resolve(), stack)
        yield made
        await made.end()


async def test_the_page_leads_to_a_filing_with_servers_of_ones_own(by_hand: ByHand) -> None:
    env = by_hand.settings
    await by_hand.postgres()
    await by_hand.temporal()

    assert "chạy `motcua migrate` trước" in await by_hand.run(env, "worker", code=1)
    await by_hand.run(env, "migrate")
    await by_hand.run(env, "directory", "load", ROOT / "deploy" / "directory.yaml")
    await by_hand.run(env, "calendar", "publish", ROOT / "procedures" / "calendars" / "vn.yaml")
    await by_hand.run(env, "procedures", "publish", *sorted((ROOT / "procedures").glob("*.yaml")))
    nowhere = env | {"TEMPORAL_NAMESPACE": "nowhere"}
    for command in ("worker", "back-office"):
        assert "no namespace nowhere" in await by_hand.run(nowhere, command, code=4)
    worker = {name: value for name, value in env.items() if name != "MOTCUA_OWNER_DATABASE_URL"}
    await by_hand.begin(env)
    env |= by_hand.speaking()
    await by_hand.serve(worker, "worker")
    await by_hand.serve(worker, "relay")
    await by_hand.serve(worker, "gateway")
    engine = {name: value for name, value in env.items() if name.startswith("TEMPORAL_") or name == "MOTCUA_OBJECTS"}
    await by_hand.serve(engine | by_hand.speaking("back-office"), "back-office")
    await by_hand.serve(engine, "back-office", "--agency", "H29.16")

    doctor = json.loads(await by_hand.run(env, "doctor", "--json"))
    unset = {"scanner": "warn"} | dict.fromkeys(("trust", "gateway", "checkpoints", "drills"), "skipped")
    found = {one["check"]: one["health"] for one in doctor["findings"] if one["health"] != "ok"}
    shared = {"acts": "", "unordered_signatures": ""}
    assert found | shared == unset | shared, "bank and signer are of other tests too"

    birth = testing.submission()
    file = by_hand.here / "birth.json"
    file.write_text(birth.model_dump_json(exclude_none=True), encoding="utf-8")
    (notice := by_hand.here / "notice.pdf").write_bytes(testing.PAPER)
    receipt = json.loads(await by_hand.run(env, "submit", str(file), "--attach", f"birth_notice={notice}", "--json"))
    followed = await by_hand.run(env, "track", str(filing_id(birth.client_id, birth.submission_id)), "--json")
    assert json.loads(followed.splitlines()[-1])["closing"] == "delivered"
    assert json.loads(await by_hand.run(env, "filing", receipt["code"], "--json"))["status"] == 10
    assert json.loads(await by_hand.run(env, "ledger", "verify", "--json"))["verified"]
    assert json.loads(await by_hand.run(env, "filings", "stalled", "--json")) == []
    assert not (by_hand.here / ".motcua").exists()


def test_the_page_names_every_setting() -> None:
    rooms = "schemas rules views workflows activities recovery workers motcua console publishing operations deploy"
    sources = [file for room in rooms.split() for file in (ROOT / room).rglob("*.py")]
    read = {name for file in sources for name in re.findall(r"\bMOTCUA_[A-Z][A-Z_]*[A-Z]\b", file.read_text("utf-8"))}
    read |= {f"MOTCUA_{name.upper()}" for name in WorkerSettings.model_fields}
    told = set(re.findall(r"`(MOTCUA_[A-Z_]+)`", PAGE))
    assert read <= SETTINGS
    assert told == SETTINGS


METRICS: Final = PAGE.partition("\n## Metrics\n")[2].partition("\n## ")[0]
MONITORING: Final = ROOT / "deploy" / "monitoring"
EXPRESSIONS: Final = re.compile(r'^ +expr: (?:>-\n)?((?:.*\n)+?) +(?:for|labels):|"expr": "(.*?[^\\])"', re.MULTILINE)
WATCHED: Final = " ".join(
    expression
    for file in ("alerts.yaml", "dashboard.json")
    for found in EXPRESSIONS.findall((MONITORING / file).read_text("utf-8"))
    for expression in found
)
ENDED: Final = "temporal_workflow_completed"
MADE: Final = re.compile(r'^motcua_papers_total{outcome="made".*} [1-9]', re.MULTILINE)
STALLED: Final = "temporal_workflow_task_execution_failed"
SAMPLE: Final = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
LABEL: Final = re.compile(r'(\w+)="([^"]*)"')

Sample = tuple[str, dict[str, str], float]


def samples(page: str) -> list[Sample]:
    return [(name, dict(LABEL.findall(labels)), float(value)) for name, labels, value in SAMPLE.findall(page)]


def counted(found: list[Sample], name: str, **labels: str) -> float:
    return sum(value for one, its, value in found if one == name and labels.items() <= its.items())


def listening(pid: int | None) -> set[int]:
    open_ones: list[Any] = psutil.Process(pid).net_connections()
    return {one.laddr.port for one in open_ones if one.status == psutil.CONN_LISTEN}


@pytest.fixture
def folder() -> Iterator[Path]:
    """Yields a folder outside pytest's: PostgreSQL may run as another user, who can't enter pytest's."""
    with tempfile.TemporaryDirectory(prefix="motcua-") as name:
        yield Path(name).resolve()


async def lived(world: World) -> list[Play]:
    """Returns three filings: the worker fails at the end of one, one had a refused command, one owes a fee."""
    plays = [await Play.begin(world, birth()), await Play.begin(world, extract()), await Play.begin(world, extract())]
    stranger = plays[1].officer(Role.RECEPTION).model_copy(update={"subject": "stranger"})
    with pytest.raises(NotAuthorised):
        await plays[1].act(cm.Accept, stranger)
    await world.execute("update stream set epoch = epoch + 1 where filing_id = $1", plays[1].filing)
    await plays[1].accept()
    await plays[2].accept()
    await eventually(lambda: plays[2].kinds("payment", 1), lambda kinds: "payment_ordered" in kinds)
    return plays


async def served(env: Mapping[str, str], part: str) -> str:
    async with httpx.AsyncClient() as prometheus:
        return (await prometheus.get(env[f"MOTCUA_{part}_METRICS_URL"])).raise_for_status().text


async def test_the_stack_serves_what_the_page_names_and_no_id(folder: Path) -> None:
    async with Stack(folder, commands={"worker": [sys.executable, "-m", "tests.faults.buggy_worker"]}) as stack:
        await publish_demo(stack.env)
        plays = await lived(await world_of(stack.env, folder))
        page = await eventually(lambda: served(stack.env, "WORKER"), lambda page: STALLED in page)
        office = samples(await served(stack.env, "BACK_OFFICE"))
        relay = await eventually(lambda: served(stack.env, "RELAY"), lambda page: MADE.search(page) is not None)
        gateway = await served(stack.env, "GATEWAY")
        await eventually(lambda: served(stack.env, "WORKER"), lambda page: ENDED in page)
        os.kill(require(stack.pid("temporal")), signal.SIGKILL)
        page = await eventually(lambda: served(stack.env, "WORKER"), lambda page: "TRANSPORT_ERROR" in page)
        assert listening(stack.pid("worker")) == {httpx.URL(stack.env["MOTCUA_WORKER_METRICS_URL"]).port}
    found = samples(page)
    assert counted(found, "motcua_ledger_appends_total", kind="filing") >= len(plays)
    assert counted(found, "motcua_ledger_refusals_total", kind="filing", code="not_authorised") == 1
    assert counted(found, "motcua_ledger_conflicts_total", kind="filing") == 1
    assert counted(found, "motcua_taken_over_total", kind="filing") == 1
    assert counted(found, "motcua_ledger_append_milliseconds_count", kind="filing") >= len(plays) + 1
    assert counted(found, STALLED, workflow_type="Filing", failure_reason="WorkflowError") >= 1
    assert counted(office, "temporal_activity_execution_latency_count", activity_type="backoffice.check") == 1

    told = set(re.findall(r"`((?:motcua|temporal)_[a-z_]+)", METRICS))
    assert STALLED in told
    # Those that are left out are made by the first such answer, and the first such signal.
    later = {"motcua_answers_unfounded_total", "motcua_signals_dropped_total"}
    served_names = set(re.findall(r"^# TYPE (\w+)", page + relay + gateway, re.MULTILINE))
    assert told - later <= served_names
    watched = {re.sub("_bucket$", "", name) for name in re.findall(r"\b((?:motcua|temporal)_\w+)", WATCHED)}
    assert watched - later <= served_names
    ours = {label for name, labels, _ in found if name.startswith("motcua_") for label in labels}
    assert ours == {"kind", "code", "le", "service_name"}
    values = {
        value
        for _, its, _ in (*found, *office, *samples(relay), *samples(gateway))
        for label, value in its.items()
        if label != "le"
    }
    private = [word for play in plays for word in (str(play.filing), str(play.code), play.submission.submission_id)]
    assert not [value for value in values if any(word in value for word in (*private, "stranger"))]
    assert not [value for value in values if re.search(r"[0-9a-f]{8}-|\d{6}|:", value)]


async def test_unset_nothing_is_served_and_a_port_that_is_taken_stops_nobody(world: World, tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    async with worker_process(world.process_env, tmp_path) as worker:
        assert listening(worker._process.pid) == set()
    assert "metrics" not in log.read_text()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        async with worker_process(world.process_env | {"MOTCUA_METRICS": address}, tmp_path):
            await Play.begin(world, birth())
    assert re.search(rf'"reason": "{address}: .*Address already in use.*"event": "metrics.not_served"', log.read_text())
