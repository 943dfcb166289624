"""`motcua up`, `worker`, `migrate`: the parts of the platform as processes."""

from __future__ import annotations

import asyncio
import os
import subprocess

import asyncpg
import typer
from pydantic import ValidationError
from temporalio.service import RPCError

from deploy.calendars import CALENDAR, has_calendar, publish_calendar
from deploy.catalogue import (
    DIRECTORY,
    PROCEDURES,
    MistakesFound,
    VersionPublished,
    has_directory,
    publish,
    seed_directory,
)
from deploy.commands.database import APPLICATION, OWNER, TIMEOUT, Connection, address, ask, running_stack
from deploy.schema_version import schema_version
from deploy.stack import Stack, StackError
from deploy.stack import up as hold
from deploy.stack.parts import MIGRATIONS, binary
from motcua.cli.running import Exit, fail, out
from motcua.errors import MotcuaError
from workers import platform
from workers.settings import WorkerSettings
from workers.telemetry import configure_engine, configure_logging

app = typer.Typer()


@app.command()
def up() -> None:
    """Start the whole platform in this folder, and keep it alive until Ctrl-C; everything is kept in .motcua/.

    PostgreSQL, Temporal, a worker, a back office, a sandbox bank and post, with the procedures of the catalogue and
    the directory of the demo. Ports are free ones, unless set by MOTCUA_POSTGRES_PORT, MOTCUA_TEMPORAL_PORT …;
    addresses stand in .motcua/run/env.

    Example: `motcua up`
    """
    try:
        asyncio.run(hold(Stack(progress=say), begun=_stock))
    except (StackError, TimeoutError) as error:
        fail(f"không khởi động được / could not start: {reason(error)}", Exit.REFUSED)


async def _stock(stack: Stack) -> None:
    """Give a new database something to file; what is there already stays as it is."""
    owner = stack.env[OWNER]
    if not await has_directory(owner):
        await seed_directory(owner, DIRECTORY.read_bytes())
    if not await has_calendar(owner):
        await publish_calendar(owner, CALENDAR.read_bytes())
    for file in sorted(PROCEDURES.glob("*.yaml")):
        try:
            await publish(owner, file)
        except (VersionPublished, MistakesFound) as error:
            say(f"{file.name}: {error}")
    say("danh mục thủ tục và danh bạ đã sẵn sàng / the catalogue and the directory are there")


@app.command()
def worker() -> None:
    """Run a platform worker until Ctrl-C, with MOTCUA_* and TEMPORAL_*, or beside the stack of this folder.

    Example: `MOTCUA_DATABASE_URL=… TEMPORAL_ADDRESS=… motcua worker`
    """
    if "TEMPORAL_ADDRESS" not in os.environ:
        for name, value in running_stack().items():
            os.environ.setdefault(name, value)
    configure_logging()
    try:
        asyncio.run(_serve())
    except typer.Exit:
        raise
    except ValidationError as error:
        names = ", ".join(sorted({f"MOTCUA_{str(wrong['loc'][0]).upper()}" for wrong in error.errors()}))
        fail(f"thiếu hoặc sai thiết lập / missing or wrong settings: {names}; or run `motcua up` here", Exit.USAGE)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        fail(
            f"không kết nối được cơ sở dữ liệu / the database in {APPLICATION} refused or did not answer: "
            f"{type(error).__name__}; see `motcua doctor`",
            Exit.UNREACHABLE,
        )
    except (MotcuaError, RPCError, RuntimeError) as error:
        silent = "Failed client connect" in str(error)  # all else that the engine says of it is for its makers
        why = "Temporal không trả lời / Temporal does not answer" if silent else str(error)
        fail(f"không chạy được / can't run: {why}; see `motcua doctor`", Exit.UNREACHABLE)


async def _serve() -> None:
    """The worker, once the tables are those it was written for: with others it would fail filing by filing."""
    dsn = WorkerSettings().database_url.get_secret_value()
    connection: Connection = await asyncpg.connect(dsn, timeout=TIMEOUT, command_timeout=TIMEOUT)
    try:
        pending = (await schema_version(connection)).pending
    finally:
        await connection.close(timeout=TIMEOUT)
    if pending:
        fail(
            f"lược đồ chưa mới nhất, chạy `motcua migrate` trước / the schema lacks {', '.join(pending)}: run "
            "`motcua migrate` first",
            Exit.REFUSED,
        )
    configure_engine()
    await platform.main()


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema (dbmate over deploy/migrations), as its owner.

    Example: `MOTCUA_OWNER_DATABASE_URL=postgresql://… motcua migrate`
    """
    dsn = address(OWNER)
    ask(_answers, OWNER)
    try:
        command = [binary("dbmate"), "--env", OWNER, "--env-file", os.devnull]
    except StackError as error:
        fail(str(error), Exit.USAGE)
    command += ["--migrations-dir", str(MIGRATIONS), "--no-dump-schema", "migrate"]
    done = subprocess.run(command, env=os.environ | {OWNER: dsn}, check=False)
    if done.returncode:
        fail("chưa cập nhật được lược đồ / the schema was not brought up to date; see above", Exit.REFUSED)
    out().print("[green]lược đồ đã mới nhất / the schema is up to date[/]")


async def _answers(connection: Connection) -> None:
    await connection.execute("select 1")


def reason(error: Exception) -> str:
    """Why a stack does not start."""
    return str(error) or "another stack is starting or stopping in this folder"


def say(line: str) -> None:
    """One line of what the stack does."""
    out().print(line, markup=False)
