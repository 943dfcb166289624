"""A real clamd finds each virus; any unclear answer counts as no answer."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from activities.files.scanner import CHUNK, Clamd, ScannerDownError, scanner_at
from rules.require import require
from schemas.files import LARGEST_FILE
from tests import uploads as u
from tests.integration.files.clamd import EICAR, OwnClamd
from tests.walking import walked


async def pieces(data: bytes, size: int = 10_000) -> AsyncIterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


async def test_a_virus_is_found_and_a_clean_file_is_clean(tmp_path: Path) -> None:
    async with OwnClamd(tmp_path) as clamd:
        scanner = require(scanner_at(clamd.socket))
        assert await scanner.scan(pieces(EICAR)) is True
        assert await scanner.scan(pieces(EICAR, 7)) is True
        assert await scanner.scan(pieces(u.with_stream(EICAR))) is True
        assert await scanner.scan(pieces(u.saved(u.paper()))) is False
        assert await scanner.scan(pieces(bytes(LARGEST_FILE), 3 * CHUNK)) is False
        together = await asyncio.gather(*(scanner.scan(pieces(EICAR * (n % 2) or b"x")) for n in range(20)))
        assert together == [bool(n % 2) for n in range(20)]


async def test_a_scanner_that_was_away_is_asked_again(tmp_path: Path) -> None:
    clamd = OwnClamd(tmp_path)
    scanner = Clamd(clamd.socket)
    for _ in range(2):
        with pytest.raises(ScannerDownError):
            await scanner.scan(pieces(EICAR))
        with pytest.raises(ScannerDownError):
            await scanner.ping()
        async with clamd:
            await scanner.ping()
            assert await scanner.scan(pieces(EICAR)) is True


@pytest.mark.parametrize("size", [1001, 5_000_000])
async def test_a_file_larger_than_it_takes_is_no_pass(tmp_path: Path, size: int) -> None:
    async with OwnClamd(tmp_path, largest=1000) as clamd:
        assert await Clamd(clamd.socket).scan(pieces(bytes(1000))) is False
        with pytest.raises(ScannerDownError):
            await Clamd(clamd.socket).scan(pieces(bytes(size)))


@walked(
    "answer",
    [
        b"",
        b"stream: OK",
        b"stream: ok\0",
        b"other: OK\0",
        b"stream: OK and more\0",
        b"FOUND\0",
        b"INSTREAM size limit exceeded. ERROR\0",
        b"x" * 10_000 + b"\0",
    ],
    exactly=8,
)
async def test_only_a_clear_answer_is_one(tmp_path: Path, answer: bytes) -> None:
    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(len(b"zINSTREAM\0") + 4 + 1 + 4)
        writer.write(answer)
        writer.close()

    async with await asyncio.start_unix_server(say, tmp_path / "socket"):
        with pytest.raises(ScannerDownError):
            await Clamd(str(tmp_path / "socket")).scan(pieces(b"x"))


async def test_silence_is_no_answer(tmp_path: Path) -> None:
    gone = asyncio.Event()

    async def be_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await gone.wait()
        writer.close()
        await reader.read()

    async with await asyncio.start_unix_server(be_silent, tmp_path / "socket"):
        scanner = Clamd(str(tmp_path / "socket"), seconds=0.2)
        for size in (1, 5_000_000):  # it does not answer; it does not even read
            with pytest.raises(ScannerDownError):
                await scanner.scan(pieces(bytes(size)))
        gone.set()


async def test_a_store_that_fails_is_not_the_scanners_fault(tmp_path: Path) -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield b"x"
        raise FileNotFoundError("files/x")

    async with OwnClamd(tmp_path) as clamd:
        with pytest.raises(FileNotFoundError):
            await Clamd(clamd.socket).scan(failing())
        assert await Clamd(clamd.socket).scan(pieces(EICAR)) is True


def test_no_scanner_warns(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert scanner_at(None) is None
    assert "unscanned" in caplog.text
