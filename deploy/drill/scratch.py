"""The scratch place: a folder with a PostgreSQL server that only this process can reach, and that can't connect out."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg

from console.database import Connection
from deploy.stack.child import LAUNCH
from deploy.stack.postgres import SUPERUSER
from motcua.cli.running import WorkRefusedError
from operations.programs import POSTGRES

CLOSED: Final = {
    "listen_addresses": "",
    "archive_mode": "off",
    "archive_library": "",
    "primary_conninfo": "",
    "max_logical_replication_workers": "0",
    "shared_preload_libraries": "",
    "session_preload_libraries": "",
    "local_preload_libraries": "",
}
"""The settings of PostgreSQL through which a restored server could reach another machine, with their closed values."""
DEBIAN: Final = Path("/usr/lib/postgresql")
PORT: Final = 5432
STARTS: Final = 3600.0
"""The maximum seconds for PostgreSQL's recovery up to the requested instant."""
STOPS: Final = 60.0
POLL: Final = 0.05


@dataclass(frozen=True)
class Scratch:
    """A scratch folder. `user`: the system user of its programs, since PostgreSQL refuses root; None: our own."""

    folder: Path
    user: str | None

    @property
    def data(self) -> Path:
        """The data folder of the restored server."""
        return self.folder / "data"

    def dsn(self, role: str, database: str) -> str:
        """Returns the address for a role: a socket in this folder, without a password."""
        return f"postgresql://{role}@/{database}?host={self.folder}&port={PORT}&sslmode=disable"

    def own(self, name: str) -> Path:
        """Returns a new subfolder that belongs to this process."""
        folder = self.folder / name
        folder.mkdir(mode=0o700)
        return folder

    async def run(self, *command: str) -> asyncio.subprocess.Process:
        """Starts a program with a few environment variables of its own. The program ends with this process.

        Its output goes to `log` in this folder.
        """
        launched = (sys.executable, "-I", "-S", str(LAUNCH), str(os.getpid()), str(int(signal.SIGINT)), self.user or "")
        with (self.folder / "log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *launched,
                *command,
                cwd=self.folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _environment(self) -> Mapping[str, str]:
        # The spool and the locks of a host that archives at the same time are not touched.
        own = {f"PGBACKREST_{name}_PATH": str(self.folder / name.lower()) for name in ("SPOOL", "LOCK")}
        return own | {"PGBACKREST_LOG_LEVEL_FILE": "off", "PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}

    def last_words(self, *marks: str) -> str:
        """Returns the last line of the log that contains one of these marks; if no line does, the log's last line."""
        lines = (self.folder / "log").read_text(errors="replace").splitlines() or [""]
        return next((line for line in reversed(lines) if any(mark in line for mark in marks)), lines[-1]).strip()

    @asynccontextmanager
    async def server(self) -> AsyncIterator[None]:
        """Runs the restored server; the block begins once recovery has ended. Raises `WorkRefusedError` if it fails."""
        for name, text in {"conf": "", "hba": "local all all trust\n"}.items():
            (self.folder / name).write_text(text)
            if self.user is not None:
                shutil.chown(self.folder / name, self.user)
        given = CLOSED | {
            "config_file": str(self.folder / "conf"),
            "hba_file": str(self.folder / "hba"),
            "unix_socket_directories": str(self.folder),
            "unix_socket_permissions": "0700",
            "port": str(PORT),
            "archive_command": "",
            "hot_standby": "off",  # nobody reads before the recovery has ended
        }
        options = [f"--{name}={value}" for name, value in given.items()]
        process = await self.run(str(self._programs() / "postgres"), "-D", str(self.data), *options)
        try:
            await self._started(process)
            yield
        finally:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGINT)
            try:
                await asyncio.wait_for(process.wait(), STOPS)
            except TimeoutError:
                process.kill()
                await process.wait()

    def _programs(self) -> Path:
        """Returns the folder of the PostgreSQL programs of the restored version. Raises `WorkRefusedError`."""
        version = (self.data / "PG_VERSION").read_text().strip()
        theirs = DEBIAN / version / "bin"
        if theirs.is_dir():
            return theirs
        told = subprocess.run([POSTGRES / "postgres", "--version"], check=False, capture_output=True, text=True).stdout
        if f" {version}." not in told:
            raise WorkRefusedError(f"the backup is of PostgreSQL {version}, whose programs are not here")
        return POSTGRES

    async def _started(self, process: asyncio.subprocess.Process) -> None:
        async with asyncio.timeout(STARTS):
            while True:
                if process.returncode is not None:
                    raise WorkRefusedError(self.last_words("FATAL", "ERROR"))
                with suppress(OSError, asyncpg.CannotConnectNowError):
                    return await self._expect_closed()
                await asyncio.sleep(POLL)

    async def _expect_closed(self) -> None:
        try:
            connection = await asyncpg.connect(self.dsn(SUPERUSER, "template1"), timeout=STOPS)
        except asyncpg.InvalidAuthorizationSpecificationError:
            raise WorkRefusedError(f"the restored cluster has no superuser {SUPERUSER}") from None
        try:
            await expect_closed(connection)
        finally:
            connection.terminate()


async def expect_closed(connection: Connection) -> None:
    """Raises `WorkRefusedError` if the server could reach another machine, or archive into a repository."""
    rows = await connection.fetch("select name, setting from pg_settings where name = any($1)", list(CLOSED))
    if wrong := sorted(row["name"] for row in rows if row["setting"] != CLOSED[row["name"]]):
        raise WorkRefusedError(f"the scratch server is not closed: {', '.join(wrong)}")


@contextmanager
def scratch_of(user: str | None) -> Iterator[Scratch]:
    """Yields a new scratch folder, which is removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="motcua-drill-")).resolve()
    try:
        if user is not None:
            shutil.chown(folder, user)
        yield Scratch(folder, user)
    finally:
        shutil.rmtree(folder)
