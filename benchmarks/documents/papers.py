"""`papers`: compares making receipts with only compiling their template, and measures the cost of a seal."""

from __future__ import annotations

import asyncio
import hashlib
import json
import platform
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final
from uuid import UUID

import psutil
import typst
from pydantic_core import to_json

from activities.printing.templates import content_of, printed
from activities.printing.typesetter import FONTS, STANDARD
from benchmarks.about import machine
from benchmarks.documents.receipts import AT, receipts
from benchmarks.documents.seal import sealed
from benchmarks.documents.turns import Side, Speed, early_and_late, rounds, scratch
from motcua.files.store import Store, open_store
from rules.papers.sheet import sheet
from schemas.papers.sheet import PaperSource
from schemas.papers.state import PaperKind

MANY: Final = 2_000
SEALED: Final = 100
"""The number of further papers, which are sealed: few, because a seal takes many times as long as a paper."""
ROUNDS: Final = 10
WORKERS: Final = 2
"""Papers in progress at once: while one is stored, the next is rendered."""
TEMPLATE: Final = Path(__file__).parents[2] / "activities" / "printing" / "paper.typ"


@dataclass(frozen=True)
class Measured:
    """The measurement. `rss`: the bytes in this process's memory after a tenth of the papers, and at the end.

    `seal`: the average seconds of one seal.
    """

    papers: int
    speed: Speed
    rss: tuple[int, int]
    seal: float

    def __str__(self) -> str:
        each = (1000 * sum(side.wall) / self.papers for side in (self.speed.ours, self.speed.plain))
        ours, bare = (f"{ms:.1f} ms" for ms in each)
        before, after = (f"{rss / 1e6:,.0f} MB" for rss in self.rss)
        return (
            f"{self.papers:,} receipts: rendered, hashed and stored {ours} each, bare compile {bare}\n"
            f"speed to that of the compile: {self.speed}\n"
            f"memory: {before} after a tenth of the papers, {after} at the end\n"
            f"a seal on top of it: {1000 * self.seal:.0f} ms"
        )


async def run(progress: Callable[[int], None], papers: int = MANY, seals: int = SEALED) -> Measured:
    """Makes papers, and only compiles as many others, in batches that take turns; then seals `seals` further papers.

    `progress` gets the number of papers in each finished batch.
    """
    ours, bare, rss = Side(), Side(), list[int]()
    with scratch("papers") as folder, ThreadPoolExecutor(WORKERS) as pool:
        asyncio.get_running_loop().set_default_executor(pool)
        store, compiler = Store(open_store((folder / "objects").as_uri())), _compiler()
        _make(next(receipts("W", 0, 1)))
        compiler.compile(sys_inputs={"data": _data(next(receipts("W", 1, 2)))}, timestamp=AT, pdf_standards=STANDARD)
        for n, (first, last) in enumerate(rounds(papers, ROUNDS)):
            turn = [
                lambda first=first, last=last: _ours(ours, list(receipts("A", first, last)), store),
                lambda first=first, last=last: _bare(bare, list(receipts("B", first, last)), compiler),
            ]
            for side in turn if n % 2 else reversed(turn):
                await side()
                progress(last - first)
            rss.append(psutil.Process().memory_info().rss)
        seal = await sealed([_make(source) for source in receipts("C", 0, seals)], folder / "trust", progress)
    return Measured(papers, Speed(ours, bare), early_and_late(rss), seal)


async def _ours(side: Side, sources: Sequence[PaperSource], store: Store) -> None:
    places = asyncio.Semaphore(WORKERS)

    async def one(n: int, source: PaperSource) -> None:
        async with places:
            body = await asyncio.to_thread(_make, source)
            hashlib.sha256(body).hexdigest()
            await store.put(UUID(int=n), body, "application/pdf", "receipt.pdf")

    with side.timed():
        await asyncio.gather(*(one(n, source) for n, source in enumerate(sources)))


async def _bare(side: Side, sources: Sequence[PaperSource], compiler: typst.Compiler) -> None:
    """Compiles these papers; adds the time of this round to `side`. Their data is prepared before the measured time."""
    contents = [_data(source) for source in sources]

    def compiled() -> None:
        for data in contents:
            compiler.compile(sys_inputs={"data": data}, timestamp=AT, pdf_standards=STANDARD)

    with side.timed():
        await asyncio.to_thread(compiled)


def _make(source: PaperSource) -> bytes:
    return printed(sheet(PaperKind.RECEIPT, source), AT)


def _data(source: PaperSource) -> str:
    return json.dumps(content_of(sheet(PaperKind.RECEIPT, source)), ensure_ascii=False)


def _compiler() -> typst.Compiler:
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])
    return typst.Compiler(str(TEMPLATE), root=str(TEMPLATE.parent), font_paths=fonts)


def as_json(measured: Measured) -> bytes:
    found = {
        "papers": measured.papers,
        "workers": WORKERS,
        "by_wall": measured.speed.by_wall,
        "by_cpu": measured.speed.by_cpu,
        "medians": measured.speed.medians,
        "rss": measured.rss,
        "seal": measured.seal,
        "rounds": {"ours": asdict(measured.speed.ours), "bare": asdict(measured.speed.plain)},
    }
    about = {"machine": machine(), "versions": {"Python": platform.python_version(), "typst": version("typst")}}
    return to_json({"papers": found} | about, indent=2)
