"""Writes the papers of a run of the demo: every official paper, form and result, in a folder for each filing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import asyncpg

from activities.forms.printing import printed
from activities.procedures import Procedures
from demo.patience import patiently
from demo.record import Record
from demo.running import Verdict
from motcua.files.store import Store, open_store
from rules.forms.sheet import filled_in, forms_of
from rules.require import require
from rules.wording.rule_words import filled
from schemas.filing.state import Filing
from schemas.papers.state import OfficialPaper, PaperKind
from views import primary

LONGEST: Final = 120.0
"""Seconds to wait until pending papers are made."""
_PAUSE: Final = 0.5
_ENDINGS: Final = {"application/pdf": "pdf", "text/plain; charset=utf-8": "txt"}


class NotLeftError(Exception):
    """Papers were not made in time, or could not be written."""


async def leave(env: Mapping[str, str], verdicts: Sequence[Verdict], folder: Path, done: Callable[[], None]) -> None:
    """Writes the papers of these filings below `folder`; calls `done` after each filing. Raises `NotLeftError`."""
    store = Store(open_store(env["MOTCUA_OBJECTS"]))
    async with (
        primary.create_pool(env["MOTCUA_DATABASE_URL"], min_size=0, max_size=4, timeout=5) as pool,
        Record.opened(env) as record,
    ):
        await _all_made(pool)
        for verdict in verdicts:
            if verdict.recorded is not None:
                filing = verdict.recorded.filing
                place = folder / require(filing.code)
                papers = await record.papers(verdict.played)
                for name, paper in _names(papers):
                    write(place / name, await store.get(paper.file))
                if all(paper.paper is not PaperKind.FORM for paper in papers):  # the post's note replaces it
                    write(place / f"{PaperKind.FORM}.pdf", await _form(pool, filing))
                for n, result in enumerate(await record.results(verdict.played), 1):
                    ending = _ENDINGS.get(result.media_type, "bin")
                    write(place / f"{_name('result', n)}.{ending}", await store.get(result))
            done()


def write(file: Path, content: bytes) -> None:
    """Writes a file, and makes its folder if that is missing. Raises `NotLeftError`."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as error:
        raise NotLeftError(f"{file}: {error.strerror}") from None


async def _all_made(pool: asyncpg.Pool[asyncpg.Record]) -> None:
    try:
        async with asyncio.timeout(LONGEST):
            while owed := await patiently(lambda: pool.fetchval("select count(*) from outbox")):  # noqa: ASYNC110 -- another process makes them
                await asyncio.sleep(_PAUSE)
    except TimeoutError:
        raise NotLeftError(f"{owed} papers were not made in {LONGEST:.0f} s; see: motcua doctor") from None


def _names(papers: Sequence[OfficialPaper]) -> Iterator[tuple[str, OfficialPaper]]:
    for paper in papers:
        yield f"{_name(paper.paper, paper.n)}.pdf", paper


def _name(kind: str, n: int) -> str:
    """Returns the name of the n-th paper of a kind: `receipt` for the first, `receipt-2` for the second."""
    return kind if n == 1 else f"{kind}-{n}"


async def _form(pool: asyncpg.Pool[asyncpg.Record], filing: Filing) -> bytes:
    """Returns the first form of the filing's procedure as a PDF, with the submitted values."""
    procedure = filled(require(await Procedures(pool).find(filing.procedure.code, filing.procedure.version)))
    name, paper = next(iter(forms_of(procedure).items()))
    sheet = filled_in(procedure, name, paper, filing, code=filing.code)
    return await asyncio.to_thread(printed, sheet, require(filing.submitted_at))
