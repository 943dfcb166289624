"""`files`: compares the speed of storing files with copying and hashing them, and measures the growth of memory."""

from __future__ import annotations

import asyncio
import hashlib
import os
import platform
import shutil
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final
from uuid import UUID

import psutil
from pydantic_core import to_json

from benchmarks.about import machine
from benchmarks.documents.turns import Side, Speed, early_and_late, rounds, scratch
from motcua.files.drafts import sync
from motcua.files.store import CHUNK, Store, open_store
from schemas.files import LARGEST_FILING

MANY: Final = 2_000
MEGABYTE: Final = 1_000_000
ROUNDS: Final = 10
WORKERS: Final = 4
"""Files in progress at once, when storing and when copying."""
FILES: Final = 20
"""Files of one filing, more than most filings have. The store lists a filing's files, slower if there are more."""


@dataclass(frozen=True)
class Measured:
    """The measurement. `rss`: the bytes in this process's memory after a tenth of the files, and at the end."""

    files: int
    size: int
    speed: Speed
    rss: tuple[int, int]

    def __str__(self) -> str:
        speeds = (self.files * self.size / 1e6 / sum(side.wall) for side in (self.speed.ours, self.speed.plain))
        attach, copy = (f"{speed:,.0f} MB/s" for speed in speeds)
        before, after = (f"{rss / 1e6:,.0f} MB" for rss in self.rss)
        return (
            f"{self.files:,} files of {self.size / 1e6:g} MB: attach {attach}, plain copy with sha256 {copy}\n"
            f"speed to that of the copy: {self.speed}\n"
            f"memory: {before} after a tenth of the files, {after} at the end"
        )


async def run(files: int, size: int, progress: Callable[[int], None]) -> Measured:
    """Attach files to a folder store and copy the same files, in turn. `progress` gets each finished batch's size."""
    attach, copy, rss = Side(), Side(), list[int]()
    with scratch("files") as folder, ThreadPoolExecutor(WORKERS) as pool:
        asyncio.get_running_loop().set_default_executor(pool)
        store = Store(open_store((folder / "objects").as_uri()))

        async def attached(source: Path, filing: UUID) -> None:
            await store.attach(filing, source)

        async def copied(source: Path, filing: UUID) -> None:
            await asyncio.to_thread(_copy, source, folder / "copies" / str(filing))

        for n, sources in enumerate(_rounds(folder, files, size)):
            turn = [(attach, attached), (copy, copied)]
            for side, put in turn if n % 2 else reversed(turn):
                await _timed(side, sources, put)
                progress(len(sources))
            rss.append(psutil.Process().memory_info().rss)
            for made in (*sources, folder / "objects" / "files", folder / "copies"):
                shutil.rmtree(made) if made.is_dir() else made.unlink()
    return Measured(files, size, Speed(attach, copy), early_and_late(rss))


def _rounds(folder: Path, files: int, size: int) -> Iterator[list[Path]]:
    """Yields the files of each round. No two files are the same; they are synced to disk outside the measured time."""
    for first, last in rounds(files, ROUNDS):
        made = [folder / f"{number}.pdf" for number in range(first, last)]
        for path in made:
            path.write_bytes(os.urandom(size))
        os.sync()
        yield made


async def _timed(side: Side, sources: Sequence[Path], put: Callable[[Path, UUID], Awaitable[None]]) -> None:
    """Calls `put` for all the files, `WORKERS` at once; adds the time of this round to `side`."""
    each = min(FILES, LARGEST_FILING // sources[0].stat().st_size)
    places = asyncio.Semaphore(WORKERS)

    async def one(n: int, source: Path) -> None:
        async with places:
            await put(source, UUID(int=n // each))

    with side.timed():
        await asyncio.gather(*(one(n, source) for n, source in enumerate(sources)))


def _copy(source: Path, folder: Path) -> str:
    """Copies a file in chunks of the store's size and with the same `fsync` calls; returns the digest."""
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with source.open("rb") as read, (folder / source.name).open("xb") as written:
        while chunk := read.read(CHUNK):
            digest.update(chunk)
            written.write(chunk)
        written.flush()
        os.fsync(written.fileno())
    sync(folder)
    return digest.hexdigest()


def as_json(measured: Measured) -> bytes:
    found = {
        "files": measured.files,
        "size": measured.size,
        "workers": WORKERS,
        "by_wall": measured.speed.by_wall,
        "by_cpu": measured.speed.by_cpu,
        "medians": measured.speed.medians,
        "rss": measured.rss,
        "rounds": {"attach": asdict(measured.speed.ours), "copy": asdict(measured.speed.plain)},
    }
    about = {"machine": machine(), "versions": {"Python": platform.python_version(), "obstore": version("obstore")}}
    return to_json({"files": found} | about, indent=2)
