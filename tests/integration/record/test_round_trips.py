"""How often the platform asks PostgreSQL and waits for its answer, counted on the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

from schemas.filing import commands as cm
from schemas.people import Role
from tests.acting import Play, birth
from tests.any_files import any_file_activities
from tests.conftest import World
from workers.wiring import platform_worker

READY: Final = b"Z"
"""The message with which PostgreSQL ends its answer, and waits for the next question."""


@dataclass
class Wire:
    """Between the platform and PostgreSQL. `trips`: how many answers have come back."""

    trips: int = 0

    async def carry(self, to_server: asyncio.StreamReader, server: asyncio.StreamWriter) -> None:
        """What the platform says, as it comes."""
        while said := await to_server.read(65_536):
            server.write(said)
        server.close()

    async def count(self, from_server: asyncio.StreamReader, platform: asyncio.StreamWriter) -> None:
        """What PostgreSQL says, message by message."""
        while not from_server.at_eof():
            head = await from_server.readexactly(5)
            platform.write(head + await from_server.readexactly(int.from_bytes(head[1:], "big") - 4))
            self.trips += head.startswith(READY)


@asynccontextmanager
async def wired(world: World) -> AsyncIterator[tuple[World, Wire]]:
    """The world with its platform at work, which has one connection to PostgreSQL, over a wire that counts."""
    address, wire = urlsplit(world.app_dsn), Wire()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, server = await asyncio.open_connection(address.hostname, address.port)
        try:
            await asyncio.gather(wire.carry(reader, server), wire.count(from_server, writer))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            server.close()
            writer.close()

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        user, _, _ = address.netloc.rpartition("@")
        through = replace(world, app_dsn=urlunsplit(address._replace(netloc=f"{user}@127.0.0.1:{port}")))
        settings = through.settings.model_copy(update={"pool_size": 1})
        async with any_file_activities(settings) as functions, platform_worker(world.temporal, functions, settings):
            yield through, wire


async def trips(wire: Wire, doing: Awaitable[Any]) -> int:
    """Round trips until it is done."""
    before = wire.trips
    await doing
    return wire.trips - before


async def asked(play: Play) -> None:
    await play.act(cm.Ask, play.officer(Role.RECEPTION), question="Ngày sinh?")


async def test_a_submission_takes_five_round_trips_and_any_other_append_one(world: World) -> None:
    async with wired(world) as (through, wire):
        for _ in range(2):  # the first makes the index key, the second learns it; what is asked is prepared once
            await asked(await Play.begin(through, birth(submission_id=uuid4().hex)))
        for _ in range(2):
            play = Play(through, birth(submission_id=uuid4().hex))
            found = [await trips(wire, through.client.submit(play.submission)), await trips(wire, asked(play))]
            assert found == [5, 1]
