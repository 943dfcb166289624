"""The gateway cuts connections that send nothing, or never complete the head of a request; others find room."""

import asyncio
import resource
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
import uvicorn

from gateway.connections import Connections, bounded
from gateway.serving import Server, Service
from gateway.settings import GatewaySettings

MOST, OF_ONE, SECONDS = 12, 8, 0.5
HERE, THERE, ELSEWHERE = "127.0.0.1", "127.0.0.2", "127.0.0.3"
"""Addresses of clients: all of them belong to this machine."""
HALF: Final = b"GET /returned HTTP/1.1\r\nHost: gateway.test\r\n"
WHOLE: Final = HALF + b"Connection: close\r\n\r\n"
KEPT: Final = HALF + b"\r\n"

Peer = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _app(_: Any, __: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """Runs a server with the gateway's limits for connections; yields its port."""
    ready = asyncio.Event()
    bounds = bounded(Connections(MOST, OF_ONE, SECONDS))
    server = Server(uvicorn.Config(_app, http=bounds, log_config=None, lifespan="off"), ready.set)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve([listener]))
        await ready.wait()
        yield listener.getsockname()[1]
        server.should_exit = True
        await serving


@asynccontextmanager
async def peers(port: int, address: str, n: int, said: bytes) -> AsyncIterator[list[Peer]]:
    """Yields `n` connections from an address, each of which has sent these bytes."""
    opened = [await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0)) for _ in range(n)]
    try:
        for _, writer in opened:
            writer.write(said)
        yield opened
    finally:
        for _, writer in opened:
            writer.close()


async def answer(peer: Peer) -> bytes:
    """Returns the bytes that the server sends before it closes the connection."""
    try:
        return await asyncio.wait_for(peer[0].read(), 10)
    except ConnectionResetError:
        return b""


async def answer_start(port: int, address: str = ELSEWHERE) -> bytes:
    async with peers(port, address, 1, WHOLE) as (peer,):
        return (await answer(peer))[:12]


async def test_one_address_takes_no_more_than_its_share(port: int) -> None:
    async with peers(port, HERE, OF_ONE + 5, HALF) as held:
        cut = await asyncio.gather(*map(answer, held[OF_ONE:]))
        assert (cut, await answer_start(port), await answer_start(port, HERE)) == ([b""] * 5, b"HTTP/1.1 204", b"")


async def test_all_together_take_no_more_than_there_is_and_their_heads_end(port: int) -> None:
    async with peers(port, HERE, OF_ONE, HALF) as some, peers(port, THERE, MOST - OF_ONE, b"") as others:
        assert await answer_start(port) == b""
        assert {*await asyncio.gather(*map(answer, some + others))} == {b""}
        assert await answer_start(port) == b"HTTP/1.1 204"


async def test_a_head_that_dribbles_has_no_more_time(port: int) -> None:
    loop = asyncio.get_running_loop()
    async with peers(port, HERE, 1, HALF) as ((reader, writer),):
        began, end = loop.time(), asyncio.create_task(answer((reader, writer)))
        while not end.done():
            writer.write(b"X-A: b\r\n")
            await asyncio.wait([end], timeout=SECONDS / 5)
        assert end.result() == b""
        assert loop.time() - began < SECONDS * 6


async def test_a_second_request_has_the_same_time_for_its_head_and_none_between_them(port: int) -> None:
    async with peers(port, HERE, 1, KEPT) as ((reader, writer),):
        for _ in range(3):
            assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10))[:12] == b"HTTP/1.1 204"
            writer.write(KEPT)
        await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        writer.write(HALF)
        assert await answer((reader, writer)) == b""
        assert await answer_start(port, HERE) == b"HTTP/1.1 204"


async def test_a_server_may_have_as_many_connections_as_the_machine_allows_files() -> None:
    files = resource.RLIMIT_NOFILE
    soft, hard = resource.getrlimit(files)
    resource.setrlimit(files, (min(soft, hard) // 2, hard))
    try:
        stop = asyncio.Event()
        stop.set()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            await Service(_app, listener, Connections(MOST, OF_ONE, SECONDS), None, _works).serve(stop)
        assert resource.getrlimit(files) == (hard, hard)
    finally:
        resource.setrlimit(files, (soft, hard))


async def _works() -> bool:
    return True


def test_unless_set_a_head_has_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("DATABASE_URL", "x"), ("MASTER_KEY", "A" * 43 + "=")):
        monkeypatch.setenv(f"MOTCUA_{name}", value)
    bounds = GatewaySettings().connections
    assert (bounds.most, bounds.of_one, bounds.head_seconds) == (1000, 100, 10)
