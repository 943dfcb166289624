"""docs/operations.md, done: PostgreSQL and Temporal started by hand, and every process by settings alone."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest

from console.home import Home
from deploy.stack.parts import binary
from deploy.stack.postgres import system_user
from motcua import filing_id, testing
from operations.doctor.surroundings import SETTINGS
from operations.programs import POSTGRES
from tests.acting import eventually
from tests.conftest import ROOT
from tests.forked import forked
from workers.settings import WorkerSettings

PAGE: Final = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
NAMESPACE: Final = "by-hand"
CLEAN: Final = {name: value for name, value in os.environ.items() if not name.startswith(("MOTCUA_", "TEMPORAL_"))}


class ByHand:
    """Servers and processes on ports of their own, which know nothing of a stack."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._processes: list[asyncio.subprocess.Process] = []
        home = Home(folder / "ports")
        home.create()
        self.ports = home.ports(("postgres", "temporal", "bank", "post"))
        self.user = system_user(folder)
        self.here = folder / "here"
        self.here.mkdir()
        (folder / "objects").mkdir()

    @property
    def settings(self) -> dict[str, str]:
        """All that the processes are told, as the page names it."""
        database = f"127.0.0.1:{self.ports['postgres']}/motcua?sslmode=disable"
        return {
            "MOTCUA_DATABASE_URL": f"postgresql://motcua_app:app-password@{database}",
            "MOTCUA_OWNER_DATABASE_URL": f"postgresql://motcua_owner:owner-password@{database}",
            "MOTCUA_MASTER_KEY": base64.b64encode(os.urandom(32)).decode(),
            "MOTCUA_OBJECTS": (self.folder / "objects").as_uri(),
            "MOTCUA_BANK_URL": f"http://127.0.0.1:{self.ports['bank']}",
            "MOTCUA_POST_URL": f"http://127.0.0.1:{self.ports['post']}",
            "TEMPORAL_ADDRESS": f"127.0.0.1:{self.ports['temporal']}",
            "TEMPORAL_NAMESPACE": NAMESPACE,
        }

    async def postgres(self) -> None:
        """A new cluster, with the roles and the database of the page."""
        data = self.folder / "postgres"
        data.mkdir(mode=0o700)
        identity: dict[str, Any] = {}
        if self.user:
            shutil.chown(data, self.user)
            identity = {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid, "extra_groups": []}
        options = ["--encoding=UTF8", "--locale=C", "--auth=trust", "--username=postgres"]
        made = await asyncio.create_subprocess_exec(
            *(str(POSTGRES / "initdb"), "-D", str(data), *options),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            **identity,
        )
        said, _ = await made.communicate()
        assert made.returncode == 0, said.decode()
        options = [f"--port={self.ports['postgres']}", "--listen_addresses=127.0.0.1", "--unix_socket_directories="]
        await self.start(str(POSTGRES / "postgres"), "-D", str(data), *options, **identity)
        (sql,) = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
        maintenance = f"postgresql://postgres@127.0.0.1:{self.ports['postgres']}/postgres"
        connection = await eventually(lambda: connected(maintenance), lambda found: found is not None)
        assert connection is not None
        for statement in filter(str.strip, sql.split(";")):
            await connection.execute(statement)
        await connection.close()

    async def temporal(self) -> None:
        port = str(self.ports["temporal"])
        options = ["--headless", "--disable-config-file", "--ip", "127.0.0.1", "--namespace", NAMESPACE]
        for name, value in re.findall(r"\| `((?:limit|history)\.\w+\.?\w*)` \|[^|]*\| `(\d+)` \|", PAGE):
            options += ["--dynamic-config-value", f"{name}={value}"]
        await self.start(binary("temporal"), "server", "start-dev", "--port", port, *options)

    async def partner(self, name: str) -> None:
        """The sandbox bank or post."""
        port, data = str(self.ports[name]), self.folder / name
        data.mkdir()
        await self.start(sys.executable, "-m", f"sandbox.{name}", "--port", port, "--data", data)

    async def speaking(self, env: Mapping[str, str]) -> dict[str, str]:
        """Register the program of the page; what says that it is who speaks."""
        (about,) = re.findall(r"```yaml\n( +id: first-start\n.*?)```", PAGE, re.DOTALL)
        file, private = self.here / "first-start.yaml", self.here / "first-start.pem"
        file.write_text(about, encoding="utf-8")
        (public := self.here / "first-start.pub.pem").write_text(await self.run(env, "principals", "key", private))
        proof = await self.run(env, "principals", "prove", private, "--principal", "first-start")
        key = (
            "--key",
            public,
            "--until",
            f"{datetime.now(UTC).date() + timedelta(days=365)}",
            "--proof",
            proof.strip(),
        )
        who = ("--reason", "first start", "--as", "operator:h01.12-operator-1@H01.12")
        await self.run(env, "principals", "add", file, *key, *who)
        return {"MOTCUA_IDENTITY_PRINCIPAL": "first-start", "MOTCUA_IDENTITY_KEY_FILE": str(private)}

    async def serve(self, env: Mapping[str, str], *words: str) -> None:
        """A command that serves, once it does."""
        ready = self.folder / f"{'-'.join(words)}.ready"
        command = [sys.executable, "-m", "motcua.command", *words]
        await self.start(*command, env={**CLEAN, **env} | {"MOTCUA_READY_FILE": str(ready)})
        await eventually(lambda: asyncio.to_thread(ready.exists), bool)

    async def start(self, *command: str | Path, env: Mapping[str, str] = CLEAN, **options: Any) -> None:
        """A process that is ended when the test is."""
        with (self.folder / "log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *command, cwd=self.here, env={**env, "PYTHONPATH": str(ROOT)}, stdout=log, stderr=log, **options
            )
        self._processes.append(process)

    async def end(self) -> None:
        """All processes."""
        await asyncio.gather(*map(end, self._processes))

    async def run(self, env: Mapping[str, str], *words: str | Path, code: int = 0) -> str:
        """What a command prints."""
        process = forked(
            "motcua.command",
            *words,
            cwd=self.here,
            env={**CLEAN, **env, "PYTHONPATH": str(ROOT)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, complained = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == code, said + complained
        assert b"Traceback" not in complained
        return (said + complained).decode()


async def connected(dsn: str) -> asyncpg.Connection[asyncpg.Record] | None:
    """A connection, once the server takes any."""
    try:
        return await asyncpg.connect(dsn)
    except (OSError, asyncpg.PostgresError):
        return None


async def end(process: asyncio.subprocess.Process) -> None:
    """Told to stop, PostgreSQL without waiting for its clients; killed if it does not."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGINT)
        try:
            await asyncio.wait_for(process.wait(), 15)
        except TimeoutError:
            process.kill()
            await process.wait()


@pytest.fixture
async def by_hand() -> AsyncIterator[ByHand]:
    with tempfile.TemporaryDirectory(prefix="motcua-") as folder:
        made = ByHand(Path(folder).resolve())
        yield made
        await made.end()


async def test_the_page_leads_to_a_filing_with_servers_of_ones_own(by_hand: ByHand) -> None:
    env = by_hand.settings
    await by_hand.postgres()
    await by_hand.temporal()
    for partner in ("bank", "post"):
        await by_hand.partner(partner)

    assert "chạy `motcua migrate` trước" in await by_hand.run(env, "worker", code=1)
    await by_hand.run(env, "migrate")
    await by_hand.run(env, "directory", "load", ROOT / "deploy" / "directory.yaml")
    await by_hand.run(env, "calendar", "publish", ROOT / "procedures" / "calendars" / "vn.yaml")
    await by_hand.run(env, "procedures", "publish", *sorted((ROOT / "procedures").glob("*.yaml")))
    nowhere = env | {"TEMPORAL_NAMESPACE": "nowhere"}
    for command in ("worker", "back-office"):
        assert "no namespace nowhere" in await by_hand.run(nowhere, command, code=4)
    worker = {name: value for name, value in env.items() if name != "MOTCUA_OWNER_DATABASE_URL"}
    env |= await by_hand.speaking(env)
    await by_hand.serve(worker, "worker")
    await by_hand.serve(worker, "relay")
    engine = {name: value for name, value in env.items() if name.startswith("TEMPORAL_") or name == "MOTCUA_OBJECTS"}
    await by_hand.serve(engine, "back-office")
    await by_hand.serve(engine, "back-office", "--agency", "H29.16")

    doctor = json.loads(await by_hand.run(env, "doctor", "--json"))
    unset = {
        "signature_roots": "warn",
        "scanner": "warn",
        "time_stamps": "skipped",
        "trust": "skipped",
        "gateway": "skipped",
        "checkpoints": "skipped",
        "unordered_signatures": "skipped",
    }
    assert {one["check"]: one["health"] for one in doctor["findings"] if one["health"] != "ok"} == unset

    birth = testing.submission()
    file = by_hand.here / "birth.json"
    file.write_text(birth.model_dump_json(exclude_none=True), encoding="utf-8")
    (notice := by_hand.here / "notice.pdf").write_bytes(testing.PAPER)
    attached = f"birth_notice={notice}"
    receipt = json.loads(await by_hand.run(env, "submit", str(file), "--attach", attached, "--json"))
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
