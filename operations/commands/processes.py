"""`motcua worker`, `relay`, `gateway` and `migrate`: the platform's processes, for an operator's own servers."""

import asyncio
import os
import subprocess
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from datetime import datetime

import typer
import uvloop
from pydantic import ValidationError
from temporalio.service import RPCError

from activities.ledger.vault import Vault
from console import database as db
from gateway import server
from gateway.door import server as door_server
from gateway.door.settings import DoorSettings
from gateway.settings import GatewaySettings
from motcua.cli.answer import say
from motcua.cli.running import Exit, fail
from motcua.connection import configured_address
from motcua.errors import MotcuaError, SettingsError
from operations.programs import find_program
from operations.schema_version import migrate_command, schema_version
from publishing.commands.publisher import recorded
from publishing.record.publishing import Publisher, take_over
from schemas.base import Text
from schemas.translate import said
from views import primary
from views.log import DATABASE_ERRORS
from workers import platform
from workers import relay as papers
from workers.settings import RecordSettings, WorkerSettings
from workers.telemetry import configure_engine, configure_logging

app = typer.Typer()


@app.command()
def worker() -> None:
    _run(lambda: _serve(WorkerSettings, platform.main))


@app.command()
def relay() -> None:
    _run(papers.main)


@app.command()
def gateway() -> None:
    _run(lambda: _serve(GatewaySettings, server.main))


@app.command()
def door() -> None:
    _run(lambda: _serve(DoorSettings, door_server.main))


def _run(serve: Callable[[], Coroutine[None, None, None]]) -> None:
    for name, value in db.stack_beside().items():
        os.environ.setdefault(name, value)
    configure_logging()
    try:
        uvloop.run(serve())
    except typer.Exit:
        raise
    except ValidationError as error:
        names = ", ".join(sorted({f"MOTCUA_{str(wrong['loc'][0]).upper()}" for wrong in error.errors()}))
        fail(said("refused.process.settings", names=names), Exit.USAGE)
    except (OSError, TimeoutError, *DATABASE_ERRORS) as error:
        fail(_no_database(error), Exit.UNREACHABLE)
    except SettingsError as error:
        fail(str(error), Exit.USAGE)
    except (MotcuaError, RPCError, RuntimeError) as error:
        silent = "Failed client connect" in str(error)  # the rest of the message is for the SDK's developers
        why = said("refused.temporal", where=configured_address()) if silent else str(error)
        fail(said("refused.process.stopped", why=why), Exit.UNREACHABLE)


def _no_database(error: Exception) -> Text:
    where = db.server(db.APPLICATION)
    return said("refused.process.database", name=db.APPLICATION, where=where, error=type(error).__name__)


@app.command()
def migrate() -> None:
    dsn = db.address(db.OWNER)
    began = db.ask(_started, db.OWNER)
    if (dbmate := find_program("dbmate")) is None:
        fail(said("refused.process.no_dbmate"), Exit.USAGE)
    done = _migrate(dbmate, dsn)
    if done and db.ask(_started, db.OWNER) != began:  # each migration is one transaction: run the rest now
        done = _migrate(dbmate, dsn)
    if done:
        fail(said("refused.process.not_migrated"), Exit.REFUSED)
    say(said("command.migrate.up_to_date"), "green")
    if (master := db.master_key_at_hand()) is not None:
        recorded(lambda: take_over(dsn, Publisher(vault=Vault(master))))


def _migrate(dbmate: str, dsn: str) -> int:
    """Runs dbmate; returns its exit code."""
    env = os.environ | {db.OWNER: asyncio.run(_of_one_host(dsn))}
    return subprocess.run(migrate_command(dbmate, db.OWNER), env=env, check=False).returncode


async def _of_one_host(dsn: str) -> str:
    """Returns the address with the first usable host alone, since dbmate supports only one port for all hosts."""
    hosts = primary.each_host(dsn)
    for one in hosts if len(hosts) > 1 else ():
        with suppress(*db.AWAY):
            async with db.connected(one):
                return one
    return dsn


async def _started(connection: db.Connection) -> datetime:
    since: datetime = await connection.fetchval("select pg_postmaster_start_time()")
    return since


async def _serve(settings: type[RecordSettings], main: Callable[[], Awaitable[None]]) -> None:
    """Runs a process only if the tables have this version's schema: with another schema every filing would fail."""
    dsn = settings().database_url.get_secret_value()

    async def look() -> tuple[str, ...]:
        async with db.connected(dsn) as connection:
            return (await schema_version(connection)).pending

    pending = await db.while_away(look, told=db.say_away)
    if pending:
        fail(said("refused.process.pending", pending=", ".join(pending)), Exit.REFUSED)
    configure_engine()
    await main()
