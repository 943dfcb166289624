"""A connection to the record through an address with several hosts."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from tests.conftest import World
from views import primary


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers nothing, like a lost host."""
    await reader.read()
    writer.close()


def at(dsn: str, *hosts: str) -> str:
    """Returns the address with other hosts; an empty one stands for the address's own host."""
    parts = urlsplit(dsn)
    user, _, own = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user}@{','.join(host or own for host in hosts)}").geturl()


async def test_a_host_that_is_silent_keeps_nobody_from_the_others(world: World) -> None:
    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        lost = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        connection = await primary.connect(at(world.app_dsn, lost, "", "127.0.0.1:1"), timeout=60)
        assert await connection.fetchval("select 1") == 1
        await connection.close()
        with pytest.raises(TimeoutError):
            await primary.connect(at(world.app_dsn, lost, "127.0.0.1:1"), timeout=0.5)


async def test_of_two_that_fit_at_once_one_stays(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    real, both = asyncpg.connect, asyncio.Barrier(2)

    async def together(dsn: str, **options: Any) -> Any:
        connection = await real(dsn, **options)
        made.append(connection)
        await both.wait()
        return connection

    monkeypatch.setattr(asyncpg, "connect", together)
    taken = await primary.connect(at(world.app_dsn, "", ""))
    assert [one for one in made if not one.is_closed()] == [taken]
    await taken.close()
