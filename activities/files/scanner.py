"""The virus scanner: ClamAV's daemon over its socket. An unclear answer counts as no answer."""

import asyncio
import logging
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Protocol

log = logging.getLogger(__name__)

CHUNK: Final = 65_536
"""Bytes sent at once."""
SECONDS: Final = 60.0
"""Timeout in seconds of each step (connecting, sending a chunk, the answer): long, since the scanner may be busy."""
LONGEST_ANSWER: Final = 4096

_LENGTH: Final = struct.Struct("!I")


class ScannerDownError(Exception):
    """The scanner does not answer, or its answer is unclear: the file stays pending."""


class Scanner(Protocol):
    """Looks for viruses. If an installation has None instead of a scanner, its files stay *unscanned*."""

    async def scan(self, chunks: AsyncIterator[bytes]) -> bool:
        """Returns whether the file contains a virus. Raises `ScannerDownError`, and the errors of `chunks`."""


class Clamd:
    """The daemon `clamd`, at its `LocalSocket`. Its StreamMaxLength must be at least the size of the largest file."""

    def __init__(self, socket: str, *, seconds: float = SECONDS) -> None:
        self._socket = socket
        self._seconds = seconds

    async def scan(self, chunks: AsyncIterator[bytes]) -> bool:
        async with self._connected() as (reader, writer):
            await self._send(writer, b"zINSTREAM\0")
            async for chunk in chunks:
                for at in range(0, len(chunk), CHUNK):
                    piece = chunk[at : at + CHUNK]
                    await self._send(writer, _LENGTH.pack(len(piece)) + piece)
            await self._send(writer, _LENGTH.pack(0))
            answer = await self._answer(reader)
        if answer == "stream: OK":
            return False
        if answer.startswith("stream: ") and answer.endswith(" FOUND"):
            return True
        raise ScannerDownError(f"clamd did not say whether the file is clean: {answer}")

    async def ping(self) -> None:
        """Checks that the scanner answers. Raises `ScannerDownError`."""
        async with self._connected() as (reader, writer):
            await self._send(writer, b"zPING\0")
            answer = await self._answer(reader)
        if answer != "PONG":
            raise ScannerDownError(f"clamd answered a PING: {answer}")

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        async with self._in_time():
            reader, writer = await asyncio.open_unix_connection(self._socket, limit=LONGEST_ANSWER)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()

    async def _send(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        async with self._in_time():
            writer.write(data)
            await writer.drain()

    async def _answer(self, reader: asyncio.StreamReader) -> str:
        async with self._in_time():
            return (await reader.readuntil(b"\0"))[:-1].decode(errors="replace").strip()

    @asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        """Limits the time of one step with the scanner. An error in reading the file is passed on unchanged."""
        try:
            async with asyncio.timeout(self._seconds):
                yield
        except (OSError, EOFError, asyncio.LimitOverrunError) as error:
            raise ScannerDownError(f"clamd at {self._socket}: {type(error).__name__}") from error


def scanner_at(socket: str | None) -> Scanner | None:
    """Returns the scanner at this socket; None, with a warning in the log, if no socket is set."""
    if socket is None:
        log.warning("MOTCUA_CLAMD is not set: files stay unscanned")
        return None
    return Clamd(socket)
