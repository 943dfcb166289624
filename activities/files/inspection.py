"""Checks that an uploaded file has its declared type, is whole and contains nothing else; draws pages as pictures.

A pool of child processes parses the files. A child is used again, until it dies or has read `FILES_EACH` files.
"""

import asyncio
import logging
import os
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from activities.files.protocol import LENGTH, BrokenRuleError, Request, Rule, send_request
from schemas.files import EXTENSIONS, LARGEST_FILE

log = logging.getLogger(__name__)

PATIENCE: Final = 30.0
"""The seconds that one file may take. The child reaches its CPU limit earlier, unless it gets no CPU."""
FILES_EACH: Final = 200
"""The number of files after which a fresh child replaces the old one, which frees the memory that the old one used."""
MOST_FRAMES: Final = 64
LONGEST_FRAME: Final = 32_000_000

MOST_PAGES: Final = 20
"""Maximum pages of one call."""
DRAWN: Final = frozenset({"application/pdf", "image/jpeg", "image/png"})
"""The media types that can be drawn."""

_ROOT: Final = Path(__file__).parents[2]
_COMMAND: Final = (sys.executable, "-s", "-m", "activities.files.child")


class ClosedError(Exception):
    """The child processes were ended before the answer came: nothing is known about the file."""


class NotDrawnError(Exception):
    """The file can't be drawn: it is damaged, or drawing it exceeds the child's limits."""


class _DeadBeforeError(Exception):
    """A child died, perhaps because of an earlier file: another child retries the present file."""


class Inspector:
    """Parses files in at most `count` child processes, started when needed and ended at the end of the `async with`.

    A cancelled call ends its child. Each child needs up to half a gigabyte.
    """

    def __init__(self, count: int = 2, *, patience: float = PATIENCE) -> None:
        self._free = asyncio.Semaphore(count)
        self._patience = patience
        self._idle: list[_Child] = []
        self._busy: set[_Child] = set()
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closed = True
        for child in (*self._idle, *self._busy):
            await child.end()

    async def inspect(self, file: int, media_type: str, name: str | None = None) -> str | None:
        """Returns the rule of `activities.files.protocol` that the file breaks; None if it breaks none.

        `file` is a descriptor, open for reading, of a regular file that does not change; its position is irrelevant.
        Raises `ValueError` for more than `LARGEST_FILE` bytes.
        """
        size = os.fstat(file).st_size
        if size > LARGEST_FILE:
            raise ValueError(f"a file has at most {LARGEST_FILE} bytes, this one has {size}")
        if not size:
            return Rule.EMPTY
        if media_type not in EXTENSIONS:
            return Rule.TYPE_NOT_ACCEPTED
        if name is not None and not name.lower().endswith(EXTENSIONS[media_type]):
            return Rule.WRONG_EXTENSION
        answer = await self._frames(["check", media_type], file)
        if answer is None:
            return Rule.TOO_HARD
        [rule] = answer
        # A compromised child may answer anything.
        return next((one for one in Rule if one.encode() == rule), Rule.TOO_HARD) if rule else None

    async def pages(self, file: int, media_type: str, first: int, count: int) -> list[bytes]:
        """Returns PNGs of at most `count` pages from `first` (0-based) on; empty if the file has no page `first`.

        A picture counts as one page. The longest side has at most 2,000 pixels. Raises `NotDrawnError`, and
        `ValueError` for a type that can't be drawn or for more than `MOST_PAGES`.
        """
        if media_type not in DRAWN or not 0 <= count <= MOST_PAGES or first < 0:
            raise ValueError(media_type, first, count)
        answer = await self._frames(["draw", media_type, first, count], file)
        if answer is None:
            raise NotDrawnError
        rule, *drawn = answer
        if rule:
            raise NotDrawnError from BrokenRuleError(rule.decode(errors="replace"))
        return drawn

    async def _frames(self, request: Request, file: int) -> list[bytes] | None:
        """Returns the frames of a child's answer; None if the child died or took too long. Raises `ClosedError`."""
        async with self._free:
            while True:
                with suppress(_DeadBeforeError):
                    return await self._ask(await self._next(), request, file)

    async def _ask(self, child: "_Child", request: Request, file: int) -> list[bytes] | None:
        """Returns a child's answer; None if it fails or takes too long. Raises `_DeadBeforeError` and `ClosedError`."""
        self._busy.add(child)
        answer = None
        try:
            if self._closed:
                raise ClosedError
            async with asyncio.timeout(self._patience):
                answer = await child.ask(request, file)
        except (TimeoutError, EOFError, OSError) as error:
            if self._closed:
                raise ClosedError from error
            log.warning("a child that read a file was lost: %s", type(error).__name__)
        finally:
            if answer is None or self._closed or child.files >= FILES_EACH:
                await child.end()
            else:
                self._idle.append(child)
            self._busy.discard(child)
        return answer

    async def _next(self) -> "_Child":
        if self._closed:
            raise ClosedError
        while self._idle:
            child = self._idle.pop()
            if child.lives:
                return child
            await child.end()
        return await _Child.start()


class _Child:
    def __init__(self, process: asyncio.subprocess.Process, there: socket.socket) -> None:
        self.files = 0
        self._process = process
        self._there = there

    @classmethod
    async def start(cls) -> Self:
        """Starts a child that inherits nothing of this process: no variable, no descriptor but the socket."""
        here, there = socket.socketpair()
        here.settimeout(0)
        nowhere = asyncio.subprocess.DEVNULL
        try:
            process = await asyncio.create_subprocess_exec(
                *_COMMAND,
                stdin=there.fileno(),
                stdout=nowhere,
                stderr=nowhere,
                cwd=_ROOT,
                env={},
                start_new_session=True,
            )
        except BaseException:
            here.close()
            raise
        finally:
            there.close()
        return cls(process, here)

    @property
    def lives(self) -> bool:
        return self._process.returncode is None

    async def ask(self, request: Request, file: int) -> list[bytes]:
        """Returns the frames of the answer. Raises `OSError`; `EOFError` or `_DeadBeforeError` if the child dies."""
        fresh, self.files = self.files == 0, self.files + 1
        try:
            send_request(self._there, request, file)
            header = await self._read(LENGTH.size)
        except (ConnectionError, EOFError) as error:
            if fresh:
                raise
            raise _DeadBeforeError from error
        (count,) = LENGTH.unpack(header)
        if count > MOST_FRAMES:
            raise EOFError
        return [await self._frame() for _ in range(count)]

    async def _frame(self) -> bytes:
        (length,) = LENGTH.unpack(await self._read(LENGTH.size))
        if length > LONGEST_FRAME:
            raise EOFError
        return await self._read(length)

    async def _read(self, length: int) -> bytes:
        read = bytearray()
        loop = asyncio.get_running_loop()
        while len(read) < length:
            some = await loop.sock_recv(self._there, length - len(read))
            if not some:
                raise EOFError
            read += some
        return bytes(read)

    async def end(self) -> None:
        """Kills the child, also while it works, and waits until it has ended."""
        if self.lives:
            self._process.kill()
        await self._process.wait()
        self._there.close()
