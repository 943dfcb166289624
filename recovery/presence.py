"""Detects the Temporals whose workers use this record: each worker holds a lock in the database while it lives.

Two Temporals at once, for example an old copy beside the one in use, must not take each other's streams. A Temporal is
identified by the address and the namespace at which its workers poll, since no two Temporals can share both at a time.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final, TypeAlias
from zlib import crc32

import asyncpg
import structlog
from temporalio.client import Client

from views import primary
from views.log import DATABASE_ERRORS, Connection

Held: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

_SECONDS: Final = 4.0
"""The timeout of a database query in seconds, and also the interval at which the lock is checked."""
_AGAIN: Final = 0.5
"""The seconds to wait before each request for a lost lock."""
_PASSING: Final = (*DATABASE_ERRORS, OSError, TimeoutError)

# A host that vanishes sends nothing: the server's keepalive detects it.
_NOTICED: Final = {"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3"}

_LOCKS: Final = 1_836_020_835
"""The first of the two numbers of a worker's advisory lock in PostgreSQL. The second is the number of its Temporal."""
_HOLD: Final = f"select pg_advisory_lock_shared({_LOCKS}, $1)"
_WORKING: Final = f"""
select distinct objid::bigint as temporal from pg_locks where locktype = 'advisory' and objsubid = 2
    and classid = {_LOCKS} and database = (select oid from pg_database where datname = current_database())
"""  # noqa: S608 -- a number of our own

_log = structlog.stdlib.get_logger("motcua.presence")


def number_of(client: Client) -> int:
    """Returns the number of this client's Temporal, in 31 bits."""
    return crc32(f"{client.service_client.config.target_host} {client.namespace}".encode()) & 0x7FFFFFFF


async def others_work(connection: Connection, client: Client) -> bool:
    """Returns whether workers of another Temporal use this record."""
    return bool(await temporals(connection) - {number_of(client)})


async def temporals(connection: Connection) -> set[int]:
    """Returns the numbers of the Temporals whose workers use this record."""
    return {row["temporal"] for row in await connection.fetch(_WORKING)}


@asynccontextmanager
async def present(dsn: str, client: Client) -> AsyncIterator[None]:
    """Holds this process's lock during the block. If the lock's connection breaks, requests the lock again."""
    connection = await _holding(dsn, client)
    keeping = asyncio.create_task(_keep(connection, dsn, client))
    try:
        yield
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping


async def _holding(dsn: str, client: Client) -> Held:
    connection = await primary.connect(dsn, timeout=_SECONDS, command_timeout=_SECONDS, server_settings=_NOTICED)
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
    with suppress(*_PASSING):
        while not lost.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(lost.wait(), _SECONDS)
                return
            await connection.fetchval("select 1")
