"""Connections to the record, whose address may name several hosts.

asyncpg tries one host after the other within one time limit: a host that does not answer uses it up, and the next hosts
are never tried. So all are tried at once, and the first usable one is taken.
"""

import asyncio
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from views.log import DATABASE_ERRORS


async def connect(dsn: str | None = None, **options: Any) -> "asyncpg.Connection[asyncpg.Record]":
    """Returns a connection to the first usable host of the address; `options` are asyncpg's.

    If no host is usable, raises the error of the host that failed last.
    """
    tries = [asyncio.ensure_future(asyncpg.connect(one, **options)) for one in each_host(dsn or "")]
    chosen: asyncpg.Connection[asyncpg.Record] | None = None
    try:
        for ended in asyncio.as_completed(tries):
            try:
                chosen = await ended
            except (*DATABASE_ERRORS, OSError, TimeoutError) as error:
                failed = error
            else:
                return chosen
        raise failed
    finally:
        for one in tries:
            one.cancel()
        for made in await asyncio.gather(*tries, return_exceptions=True):
            if isinstance(made, asyncpg.Connection) and made is not chosen:
                made.terminate()


def create_pool(dsn: str, **options: Any) -> "asyncpg.Pool[asyncpg.Record]":
    """Returns a pool whose connections are made by `connect`; `options` are those of asyncpg's pools."""
    return asyncpg.create_pool(dsn, connect=connect, **options)


def each_host(dsn: str) -> list[str]:
    """Returns one address for each host that the address names."""
    parts = urlsplit(dsn)
    user, at, hosts = parts.netloc.rpartition("@")
    return [parts._replace(netloc=f"{user}{at}{host}").geturl() for host in hosts.split(",")]
