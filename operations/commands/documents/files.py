"""`motcua files`: the files that an applicant sent with a filing, and pictures of their pages."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import typer

from activities.files.inspection import DRAWN, MOST_PAGES, Inspector, NotDrawnError
from motcua.cli.answer import Column, columns, show_all, show_one
from motcua.cli.help import group
from motcua.cli.options import AsJson, WhichFiling
from motcua.cli.running import Exit, end_well, fail, write_file
from motcua.files.store import Store
from operations.commands.ledger.record import read
from schemas.files import FileRef
from schemas.filing.events import Submitted, Supplemented
from schemas.filing.state import Filing
from schemas.translate import said
from views.log import LoggedStream

LONGEST_PREVIEW: Final = 200
"""Maximum number of pages that are drawn."""


async def write_pages(file: FileRef, folder: Path, paper: str) -> list[Path]:
    data = await Store.from_environment().get(file)
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    written = []
    with tempfile.TemporaryFile() as original:
        original.write(data)
        original.flush()
        async with Inspector(1) as inspector:
            for first in range(0, LONGEST_PREVIEW, MOST_PAGES):
                pictures = await inspector.pages(original.fileno(), file.media_type, first, MOST_PAGES)
                for number, picture in enumerate(pictures, first + 1):
                    target = folder / f"{paper}-{number}.png"
                    await asyncio.to_thread(target.write_bytes, picture)
                    written.append(target)
                if len(pictures) < MOST_PAGES:
                    break
    return written


class Sent(NamedTuple):
    """A file and its role in the dossier: the code of a paper, `signature`, `authorisation` or `read_back`."""

    paper: str
    seq: int
    file: FileRef


def sent_with(told: LoggedStream) -> Iterator[Sent]:
    for recorded in told.events:
        event: Any = recorded.event
        if isinstance(event, Submitted | Supplemented):
            files = {paper.code: paper.file for paper in event.papers}
            for name in ("authorisation", "signature", "read_back"):
                files[name] = getattr(event, name, None)
            yield from (Sent(name, recorded.seq, file) for name, file in files.items() if file is not None)


app = group("files")

_SENT: Final = columns("paper event:seq name:file.name media_type:file.media_type bytes:file.size sha256:file.sha256")


@app.command("list")
def list_files(which: WhichFiling, *, as_json: AsJson = False) -> None:
    sent, _ = _read(which)
    data = [{"paper": one.paper, "seq": one.seq, **one.file.model_dump(mode="json")} for one in sent]
    show_all(sent, _SENT, as_json=as_json, data=data)


@app.command()
def preview(
    which: WhichFiling,
    paper: Annotated[str, typer.Argument(metavar="PAPER", help="option.files.paper")],
    *,
    folder: Annotated[Path, typer.Option("--out", metavar="FOLDER", file_okay=False, help="option.files.pictures")],
    as_json: AsJson = False,
) -> None:
    sent, filing = _read(which)
    newest = {one.paper: one.file for one in sent}
    if paper not in newest:
        fail(said("refused.files.no_paper", papers=", ".join(newest)), Exit.NOT_AVAILABLE)
    if paper in filing.infected or any(one.code == paper for one in filing.to_scan):
        fail(said("refused.files.kept_back"), Exit.REFUSED)
    file = newest[paper]
    if file.media_type not in DRAWN:
        fail(said("refused.files.no_pictures", media_type=file.media_type), Exit.REFUSED)
    try:
        written = end_well(write_pages(file, folder, paper))
    except NotDrawnError:
        fail(said("refused.files.not_drawn"), Exit.REFUSED)
    except OSError as error:
        fail(said("refused.not_written", file=folder), Exit.USAGE, detail=error.strerror)
    data = {"paper": paper, "sha256": file.sha256, "pages": list(map(str, written))}
    show_all(written, (Column("file", str),), as_json=as_json, data=data)


@app.command()
def proof(
    which: WhichFiling,
    *,
    target: Annotated[Path, typer.Option("--out", metavar="FILE", dir_okay=False, help="option.out.json")],
) -> None:
    _, filing = _read(which)
    check = filing.signature_check
    if check is None or check.proof is None:
        fail(said("refused.files.no_signature"), Exit.NOT_AVAILABLE)
    write_file(target, end_well(Store.from_environment().get(check.proof)))
    told = {"file": target, "outcome": check.outcome, "sha256": check.proof.sha256}
    show_one(told, columns("file outcome|signature_outcome sha256"))


def _read(which: str) -> tuple[list[Sent], Filing]:
    """Returns the files sent with a filing, oldest first, and the filing's state; ends the command on an error."""
    _, told, filing = read(which)
    return list(sent_with(told)), filing
