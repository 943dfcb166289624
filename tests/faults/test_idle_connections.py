"""Ten thousand idle connections to a door as a process: new ones get an answer, and idle ones are cut."""

import asyncio
import resource
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx
import psutil
import pytest

from tests.conftest import World
from tests.doors import register_door
from tests.faults.doors import PORTAL, door
from tests.sandboxes import Server

IDLE: Final = 10_000
OF_ONE: Final = 1_000
"""The number of connections from one address that a door takes by default."""
HEAD_SECONDS: Final = 60
"""Seconds for the head of a request: more than a busy machine needs to open all connections."""
MOST_BYTES: Final = 30_000
"""The maximum memory of an idle connection, in bytes."""
OTHER: Final = "127.0.1.1"

Peer = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture(autouse=True)
def as_many_files_as_possible() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert most > IDLE + 1_000, "this machine allows fewer open files"
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@asynccontextmanager
async def idle(port: int) -> AsyncIterator[list[Peer]]:
    """Yields idle connections: from each address as many as the door takes from one address."""
    opened: list[Peer] = []
    try:
        for n in range(IDLE):
            address = (f"127.0.0.{2 + n // OF_ONE}", 0)
            opened.append(await asyncio.open_connection("127.0.0.1", port, local_addr=address))
        yield opened
    finally:
        for _, writer in opened:
            writer.transport.abort()


async def test_ten_thousand_that_say_nothing_leave_room_for_a_newcomer_and_are_cut(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTCUA_DOOR_HEAD_SECONDS", str(HEAD_SECONDS))
    await register_door(world)
    with Server("issuer", tmp_path / "issuer", "--client", PORTAL) as issuer:
        async with door(world, tmp_path / "door", issuer.url) as (process, caller):
            server = psutil.Process(process.pid)
            newcomer = httpx.AsyncHTTPTransport(local_address=OTHER)
            address = str(caller.base_url)
            assert (await caller.get("/v1/me")).status_code == 200
            before = server.memory_info().rss
            async with idle(caller.base_url.port or 0) as peers:
                async with httpx.AsyncClient(transport=newcomer, base_url=address, headers=caller.headers) as new:
                    assert (await new.get("/v1/me", timeout=60)).status_code == 200
                grown = server.memory_info().rss - before
                assert not any(reader.at_eof() for reader, _ in peers), "all of them are held"
                with pytest.raises(httpx.TransportError):
                    await one_more(address)
                cut = await asyncio.gather(*(asyncio.wait_for(reader.read(), 180) for reader, _ in peers))
            assert set(cut) == {b""}
            sys.stdout.write(f"{IDLE} idle connections: {grown / IDLE:.0f} bytes each, from {before / 2**20:.0f} MB\n")
            assert grown < IDLE * MOST_BYTES
            assert (await caller.get("/v1/me", timeout=60)).status_code == 200


async def one_more(address: str) -> None:
    """Sends a request from an address that has used all of its connections."""
    transport = httpx.AsyncHTTPTransport(local_address="127.0.0.2")
    async with httpx.AsyncClient(transport=transport, base_url=address) as client:
        await client.get("/healthz", timeout=60)
