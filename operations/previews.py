"""Pictures of the pages of a paper."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from activities.files.children import Children
from activities.files.preview import MOST_PAGES, pages
from motcua.files.store import Store
from schemas.files import FileRef
from schemas.filing.events import Submitted, Supplemented
from schemas.filing.state import Filing
from views.log import Told

LONGEST_PREVIEW: Final = 200
"""Maximum number of pages that are drawn."""


async def write_pages(file: FileRef, folder: Path, paper: str) -> list[Path]:
    data = await Store.from_environment().get(file)
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    written = []
    async for number, picture in _drawn(data, file.media_type):
        target = folder / f"{paper}-{number}.png"
        await asyncio.to_thread(target.write_bytes, picture)
        written.append(target)
    return written


async def _drawn(data: bytes, media_type: str) -> AsyncIterator[tuple[int, bytes]]:
    """Yields each page's number, from 1, and its picture."""
    with tempfile.TemporaryFile() as original:
        original.write(data)
        original.flush()
        async with Children(1) as children:
            for first in range(0, LONGEST_PREVIEW, MOST_PAGES):
                pictures = await pages(children, original.fileno(), media_type, first, MOST_PAGES)
                for at, picture in enumerate(pictures, first + 1):
                    yield at, picture
                if len(pictures) < MOST_PAGES:
                    return


class Sent(NamedTuple):
    """A file and its role in the dossier: the code of a paper, `signature`, `authorisation` or `read_back`."""

    paper: str
    seq: int
    file: FileRef


def kept_back(filing: Filing) -> set[str]:
    """Returns the papers whose files must not be opened: they are infected, or not scanned for viruses yet."""
    return {*filing.infected, *(paper.code for paper in filing.to_scan)}


def sent_with(told: Told) -> Iterator[Sent]:
    for recorded in told.events:
        event: Any = recorded.event
        if isinstance(event, Submitted | Supplemented):
            files = {paper.code: paper.file for paper in event.papers}
            for name in ("authorisation", "signature", "read_back"):
                files[name] = getattr(event, name, None)
            yield from (Sent(name, recorded.seq, file) for name, file in files.items() if file is not None)
