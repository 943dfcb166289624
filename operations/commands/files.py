"""`motcua files`: what an applicant sent with a filing, and pictures of it to look at."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import typer

from activities.files.children import Children
from activities.files.preview import DRAWN, MOST_PAGES, NotDrawnError, pages
from activities.ledger.vault import Vault
from motcua.cli.answer import Column, columns, show_all, show_one
from motcua.cli.running import AsJson, Exit, end_well, fail
from motcua.store import Store
from operations.commands.database import Connection, ask
from operations.commands.help_words import group
from operations.commands.masters import master_key
from operations.commands.record import Which, found
from rules.streams import KINDS
from schemas.files import FileRef
from schemas.filing.events import Submitted, Supplemented
from schemas.filing.state import Filing
from schemas.ids import filing_workflow
from views.log import Log, Told, UnfoldableError

LONGEST_PREVIEW: Final = 200
"""Pages."""

app = group("files")


class _Sent(NamedTuple):
    """A file, as what it was sent: the code of a paper, `signature`, `authorisation` or `read_back`."""

    paper: str
    seq: int
    file: FileRef


_SENT: Final = columns("paper event:seq name:file.name media_type:file.media_type bytes:file.size sha256:file.sha256")


@app.command("list")
def list_files(which: Which, *, as_json: AsJson = False) -> None:
    """List the files that an applicant sent with a filing, out of the record, supplements included.

    Needs MOTCUA_DATABASE_URL and MOTCUA_MASTER_KEY, or the stack of this folder.

    Example: `motcua files list H01.12-20261125-0000001`
    """
    sent, _ = _read(which)
    data = [{"paper": one.paper, "seq": one.seq, **one.file.model_dump(mode="json")} for one in sent]
    show_all(sent, _SENT, as_json=as_json, data=data)


@app.command()
def preview(
    which: Which,
    paper: Annotated[str, typer.Argument(metavar="PAPER", help="As `motcua files list` names it; the newest of it.")],
    *,
    folder: Annotated[Path, typer.Option("--out", metavar="FOLDER", file_okay=False, help="Where the pictures go.")],
    as_json: AsJson = False,
) -> None:
    """Write the pages of a paper as PNG, at most 200. The file itself is not handed out.

    Its bytes come from MOTCUA_OBJECTS, are compared with the digest in the record, and are drawn by a process that may
    do nothing else. There are none of a file with a virus, nor before the scanner has spoken of it. Needs
    MOTCUA_DATABASE_URL and MOTCUA_MASTER_KEY too, or the stack of this folder.

    Example: `motcua files preview H01.12-20261125-0000001 declaration --out pages`
    """
    sent, filing = _read(which)
    newest = {one.paper: one.file for one in sent}
    if paper not in newest:
        fail(f"hồ sơ không có tệp này / the filing has no such file; it has: {', '.join(newest)}", Exit.NOT_AVAILABLE)
    if paper in _kept_back(filing):
        fail("tệp chưa quét xong hoặc có vi-rút / the file waits for the scanner, or has a virus", Exit.REFUSED)
    file = newest[paper]
    if file.media_type not in DRAWN:
        fail(f"không lập được ảnh của loại này / there are no pictures of {file.media_type}", Exit.REFUSED)
    try:
        written = end_well(_write_pages(file, folder, paper))
    except NotDrawnError:
        fail("không lập được ảnh của tệp này / this file can't be drawn", Exit.REFUSED)
    except OSError as error:
        fail(f"{folder}: {error.strerror}", Exit.USAGE)
    data = {"paper": paper, "sha256": file.sha256, "pages": list(map(str, written))}
    show_all(written, (Column("file", str),), as_json=as_json, data=data)


@app.command()
def proof(
    which: Which,
    *,
    target: Annotated[Path, typer.Option("--out", metavar="FILE", dir_okay=False, help="Where it goes, as JSON.")],
) -> None:
    """Write what was seen of a filing's signature when it was received, to be looked at by whoever doubts it.

    docs/signatures.md says how. It holds certificates, which are personal. Needs MOTCUA_OBJECTS, MOTCUA_DATABASE_URL
    and MOTCUA_MASTER_KEY, or the stack of this folder.

    Example: `motcua files proof H01.12-20261125-0000001 --out proof.json`
    """
    _, filing = _read(which)
    check = filing.signature_check
    if check is None or check.proof is None:
        fail("hồ sơ không có chữ ký số / the filing has no signature", Exit.NOT_AVAILABLE)
    data = end_well(Store.from_environment().get(check.proof))
    try:
        target.write_bytes(data)
    except OSError as error:
        fail(f"{target}: {error.strerror}", Exit.USAGE)
    told = {"file": target, "outcome": check.outcome, "sha256": check.proof.sha256}
    show_one(told, columns("file outcome|signature_outcome sha256"))


async def _write_pages(file: FileRef, folder: Path, paper: str) -> list[Path]:
    data = await Store.from_environment().get(file)
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    written = []
    async for number, picture in _drawn(data, file.media_type):
        target = folder / f"{paper}-{number}.png"
        await asyncio.to_thread(target.write_bytes, picture)
        written.append(target)
    return written


async def _drawn(data: bytes, media_type: str) -> AsyncIterator[tuple[int, bytes]]:
    """Each page and its number, from 1 on."""
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


def _read(which: str) -> tuple[list[_Sent], Filing]:
    """What was sent with a filing, oldest first, and how it stands; or the end of the command."""
    master = master_key()

    async def look(connection: Connection) -> Told:
        record = await found(connection, which)
        return await Log(connection, Vault(master).find, KINDS).read(filing_workflow(record.filing_id))

    try:
        told = ask(look)
        return list(_sent(told)), told.state
    except UnfoldableError as error:
        fail(f"không đọc được hồ sơ / the filing can't be read: {error}", Exit.REFUSED)


def _kept_back(filing: Filing) -> set[str]:
    """The papers whose files nobody is to look at."""
    return {*filing.infected, *(paper.code for paper in filing.to_scan)}


def _sent(told: Told) -> Iterator[_Sent]:
    for recorded in told.events:
        event: Any = recorded.event
        if isinstance(event, Submitted | Supplemented):
            files = {paper.code: paper.file for paper in event.papers}
            for name in ("authorisation", "signature", "read_back"):
                files[name] = getattr(event, name, None)
            yield from (_Sent(name, recorded.seq, file) for name, file in files.items() if file is not None)
