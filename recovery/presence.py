"""Whose workers work on this record: each holds a lock in the database, which ends with its process.

Two Temporals at once, such as an old copy beside the one in use, must not take each other's streams. A Temporal is
known by the address and the namespace at which its workers ask for work: no two are there at the same time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final, TypeAlias
from zlib import crc32

import asyncpg
import structlog
from temporalio.client import Client

from views.log import DATABASE_ERRORS, Connection

Held: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

_SECONDS: Final = 4.0
"""So long the database may take to answer, and so often it is asked whether the lock is still held."""
_AGAIN: Final = 0.5
"""Seconds after which a lock that was lost is asked for again."""
_PASSING: Final = (*DATABASE_ERRORS, OSError, TimeoutError)

# A host that vanishes says nothing: the server asks by itself whether it is still there.
_NOTICED: Final = {"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3"}

_LOCKS: Final = 1_836_020_835
"""Of PostgreSQL's advisory locks of two numbers those of workers; the other number is that of their Temporal."""
_HOLD: Final = f"select pg_advisory_lock_shared({_LOCKS}, $1)"
_WORKING: Final = f"""
select distinct objid::bigint as temporal from pg_locks where locktype = 'advisory' and objsubid = 2
    and classid = {_LOCKS} and database = (select oid from pg_database where datname = current_database())
"""  # noqa: S608 -- a number of our own

_log = structlog.stdlib.get_logger("motcua.presence")


def number_of(client: Client) -> int:
    """That of the Temporal of this client, in 31 bits."""
    return crc32(f"{client.service_client.config.target_host} {client.namespace}".encode()) & 0x7FFFFFFF


async def others_work(connection: Connection, client: Client) -> bool:
    """Whether workers of another Temporal work on this record."""
    return bool(await temporals(connection) - {number_of(client)})


async def temporals(connection: Connection) -> set[int]:
    """The numbers of the Temporals whose workers work on this record."""
    return {row["temporal"] for row in await connection.fetch(_WORKING)}


@asynccontextmanager
async def present(dsn: str, client: Client) -> AsyncIterator[None]:
    """Hold this process's lock meanwhile; one that is lost with its connection is asked for again, for as long."""
    connection = await _holding(dsn, client)
    keeping = asyncio.create_task(_keep(connection, dsn, client))
    try:
        yield
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping


async def _holding(dsn: str, client: Client) -> Held:
    connection = await asyncpg.connect(dsn, timeout=_SECONDS, command_timeout=_SECONDS, server_settings=_NOTICED)
    try:
        await connection.execute(_HOLD, number_of(client))
    except BaseException:
        connection.terminate()
        raise
    return connection


async def _keep(connection: Held, dsn: str, client: Client) -> None:
    while True:
        try:
            await _until_lost(connection)
        finally:
            connection.terminate()
        _log.warning("presence.lost", part="worker")
        while True:
            await asyncio.sleep(_AGAIN)
            with suppress(*_PASSING):
                connection = await _holding(dsn, client)
                break


async def _until_lost(connection: Held) -> None:
    lost = asyncio.Event()
    connection.add_termination_listener(lambda _: lost.set())
    while not lost.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(lost.wait(), _SECONDS)
            return
        try:
            await connection.fetchval("select 1")
        except _PASSING:
            return
