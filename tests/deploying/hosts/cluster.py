"""PostgreSQL on three hosts, managed by etcd and Patroni with the files of `deploy/hosts`."""

import asyncio
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any, Final

import asyncpg
import httpx

from console.processes import Kind, Process
from deploy.stack.child import Part, at_once
from deploy.stack.postgres import APP, DATABASE, OWNER, PUBLISHER, SUPERUSER
from motcua.env_file import settings_in
from tests.acting import eventually
from tests.conftest import ROOT
from tests.deploying.hosts.machine import LONG, Machine
from tests.deploying.hosts.network import ADDRESSES, HOSTS, path_of
from views import primary
from views.standby import WaitCutError, confirmed, waits_uncut

FILES: Final = ROOT / "deploy" / "hosts"
PASSWORDS: Final = {name: f"{name}-of-the-trial" for name in (SUPERUSER, OWNER, APP, "replicator")}
ROLES: Final = (
    f"create role {OWNER} login password '{PASSWORDS[OWNER]}'",
    f"create role {APP} login password '{PASSWORDS[APP]}'",
    "create role motcua_gateway login",
    f"create role {PUBLISHER}",
    f"grant {PUBLISHER} to {OWNER}",
    f"create database {DATABASE} owner {OWNER}",
    f"revoke all on database {DATABASE} from public",
    f"grant connect, temporary on database {DATABASE} to {APP}",
)
AWAY: Final = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, WaitCutError)
STREAMING: Final = {"running", "streaming"}


def dsn(role: str, database: str = DATABASE) -> str:
    asked = "target_session_attrs=read-write&sslmode=disable"
    return f"postgresql://{role}:{PASSWORDS[role]}@{','.join(HOSTS)}:5432/{database}?{asked}"


class Cluster:
    """The record's PostgreSQL on three hosts."""

    def __init__(self, machines: Mapping[str, Machine]) -> None:
        self._machines = machines

    def start(self, host: str) -> None:
        """Starts etcd and Patroni on a host; after a restart, the host still has its data."""
        machine = self._machines[host]
        data = machine.home.root / "data"
        if not data.exists():
            for folder in (data, data / "etcd", data / "postgresql"):
                folder.mkdir(mode=0o700)
            for folder in (data, data / "postgresql"):
                shutil.chown(folder, "postgres", "postgres")
        etcd = Process(name="etcd", kind=Kind.SERVER)
        # Three on one disk: the trial is not about it.
        command = [path_of("etcd"), "--unsafe-no-fsync", "--logger=zap", "--log-level=warn"]
        machine.start(Part(etcd, command=command, ready=at_once), _filled("etcd.env", host, data))
        patroni = Process(name="patroni", kind=Kind.SERVER, grace=30)
        # The hosts have one file system here: each its own folder of sockets.
        script = (
            f'mount -t tmpfs tmpfs /run/postgresql && chown postgres /run/postgresql && exec {path_of("setpriv")} "$@"'
        )
        words = (
            "--reuid=postgres",
            "--regid=postgres",
            "--init-groups",
            path_of("patroni"),
            str(FILES / "patroni.yaml"),
        )
        command = [path_of("sh"), "-c", script, "patroni", *words]
        machine.start(Part(patroni, command=command, ready=at_once), _filled("patroni.env", host, data))

    async def members(self) -> dict[str, dict[str, Any]]:
        """Returns Patroni's state of each host; empty if no host answers."""
        async with httpx.AsyncClient(timeout=5) as client:
            for host in HOSTS:
                try:
                    answer = await client.get(f"http://{ADDRESSES[host]}:8008/cluster")
                except httpx.TransportError:
                    continue
                if answer.status_code == httpx.codes.OK:
                    return {member["name"]: member for member in answer.json()["members"]}
        return {}

    async def whole(self) -> None:
        """Waits until the record is on all three hosts: a leader, a synchronous standby, and a replica."""

        def is_whole(members: dict[str, dict[str, Any]]) -> bool:
            roles = sorted(member["role"] for member in members.values())
            states = {member["state"] for member in members.values()}
            return roles == ["leader", "replica", "sync_standby"] and states <= STREAMING

        await eventually(self.members, is_whole, LONG)

    async def leader(self) -> str:
        await self.whole()
        return next(name for name, member in (await self.members()).items() if member["role"] == "leader")

    async def prepare(self) -> None:
        """Waits for the three hosts, and creates the roles and the database."""
        await self.whole()
        connection = await asyncpg.connect(dsn(SUPERUSER, "postgres"))
        for statement in ROLES:
            await connection.execute(statement)
        await connection.close()


class Writes:
    """A client that commits again and again, and waits for the standby; `moments`: the times of confirmed commits."""

    def __init__(self) -> None:
        self.moments = [time.time()]

    async def go_on(self) -> None:
        """Commits until it is cancelled."""
        while True:
            try:
                connection = await primary.connect(dsn(APP), timeout=3, command_timeout=3)
                try:
                    await self._commit(connection)
                finally:
                    connection.terminate()
            except AWAY:
                await asyncio.sleep(0.05)

    async def _commit(self, connection: "asyncpg.Connection[Any]") -> None:
        while True:
            async with waits_uncut(connection):
                await confirmed(connection)
            self.moments.append(time.time())
            await asyncio.sleep(0.05)


def _filled(name: str, host: str, data: Path) -> dict[str, str]:
    given = {"SUPERUSER_PASSWORD": PASSWORDS[SUPERUSER], "REPLICATION_PASSWORD": PASSWORDS["replicator"]}
    lines = (FILES / name).read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#"))
    return settings_in(Template(text).substitute(given, HOST=host, DATA=data))
