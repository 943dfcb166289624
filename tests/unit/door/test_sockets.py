"""Requests to the door over a real socket: endless ones are cut off, broken ones refused, all others served."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx
import pytest

from gateway.door import incoming
from gateway.problems import HttpProblem
from tests.doors import open_to_all
from tests.unit.door.providers import Town

TOWN: Final = Town()
SECONDS: Final = 0.5
ACCEPT: Final = "/v1/filings/3422b1af-4224-4a93-acac-42560e742f6f/commands/accept"


@pytest.fixture
async def url(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """The address of a door that waits half a second for a request's head, and another half for its body."""
    monkeypatch.setattr(incoming, "BODY_SECONDS", SECONDS)
    async with open_to_all(TOWN.door(), SECONDS) as served:
        yield served


def head(token: str | None, length: int = 0, path: str = ACCEPT) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: door.test", "Content-Type: application/json", f"Content-Length: {length}"]
    lines += [] if token is None else [f"Authorization: Bearer {token}"]
    return "\r\n".join([*lines, "", ""]).encode()


class Peer:
    """A client's connection to the door."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def answer(self) -> tuple[int, HttpProblem]:
        """Returns the status and the problem of the next response."""
        first, *lines = (await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), 10)).decode().splitlines()
        headers = dict(line.lower().split(": ", 1) for line in lines if line)
        body = await self._reader.readexactly(int(headers["content-length"]))
        assert headers["content-type"] == "application/problem+json"
        return int(first.split()[1]), HttpProblem.model_validate_json(body)

    async def end(self) -> bytes:
        """Returns all bytes that come until the door closes the connection."""
        try:
            return await asyncio.wait_for(self._reader.read(), 10)
        except ConnectionResetError:
            return b""


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Peer]:
    peer = Peer(*await asyncio.open_connection("127.0.0.1", httpx.URL(url).port))
    try:
        yield peer
    finally:
        peer.writer.close()


async def is_served(url: str) -> bool:
    """Returns True if a request by another client gets an answer."""
    async with httpx.AsyncClient() as http:
        answer = await http.get(f"{url}/v1/me", headers={"authorization": f"Bearer {TOWN.citizens.token()}"})
    return answer.status_code == 200


async def dribbled(peer: Peer, piece: bytes, until: asyncio.Task[Any], url: str) -> int:
    """Sends a piece again and again until `until` is done; returns how often another client got an answer meanwhile."""
    served = 0
    while not until.done():
        peer.writer.write(piece)
        served += await is_served(url)
        await asyncio.wait([until], timeout=SECONDS / 10)
    return served


async def test_a_head_that_dribbles_is_cut_and_holds_up_nobody(url: str) -> None:
    async with connected(url) as peer:
        peer.writer.write(head(TOWN.citizens.token())[:-2])
        end = asyncio.create_task(peer.end())
        assert await dribbled(peer, b"X-A: b\r\n", end, url) > 1
        assert await end == b""


async def test_a_body_that_dribbles_is_refused_and_cut_and_holds_up_nobody(url: str) -> None:
    async with connected(url) as peer:
        peer.writer.write(head(TOWN.citizens.token(), 10_000) + b"{")
        answer = asyncio.create_task(peer.answer())
        assert await dribbled(peer, b" ", answer, url) > 1
        status, problem = await answer
        assert (status, problem.code) == (408, "timeout")
        end = asyncio.create_task(peer.end())
        await dribbled(peer, b" ", end, url)
        assert await end == b""


async def test_without_a_token_no_body_is_awaited(url: str) -> None:
    async with connected(url) as peer:
        peer.writer.write(head(None, 10_000))
        assert (await peer.answer())[0] == 401


@pytest.mark.parametrize(
    ("path", "body", "found"),
    [
        (ACCEPT, b'{"command_id": "a", "command_id": "b"}', (400, "duplicate_key")),
        ("/v1/filings", b'{"form": ' + b"[" * 30_000 + b"]" * 30_000 + b"}", (400, "too_deep")),
        ("/v1/filings", b"[" * 100_000 + b"]" * 100_000, (413, "too_large")),
        (ACCEPT, b'{"command_id": "a\\u0000"}', (422, "nul")),
    ],
)
async def test_a_body_that_would_harm_a_careless_parser(
    url: str, path: str, body: bytes, found: tuple[int, str]
) -> None:
    async with connected(url) as peer:
        peer.writer.write(head(TOWN.citizens.token(), len(body), path) + body)
        status, problem = await peer.answer()
        assert (status, problem.problems[0].rule) == found
        assert await is_served(url)
