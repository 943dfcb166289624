"""`motcua files`: the files that an applicant sent with a filing, and pictures of their pages."""

from pathlib import Path
from typing import Annotated, Final

import typer

from activities.files.preview import DRAWN, NotDrawnError
from activities.ledger.vault import Vault
from console.connecting import Connection
from console.database import ask
from console.masters import master_key
from motcua.cli.answer import Column, columns, show_all, show_one
from motcua.cli.help import group
from motcua.cli.options import AsJson, WhichFiling
from motcua.cli.running import Exit, end_well, fail, refusing, write_file
from motcua.files.store import Store
from operations.commands.ledger.record import found
from operations.previews import Sent, kept_back, sent_with, write_pages
from rules.streams import KINDS
from schemas.filing.state import Filing
from schemas.ids import filing_workflow
from schemas.translate import said
from views.log import Log, Told, UnfoldableError

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
    if paper in kept_back(filing):
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
    """Returns the files sent with a filing, oldest first, and its state; or ends the command."""
    master = master_key()

    async def look(connection: Connection) -> Told:
        record = await found(connection, which)
        return await Log(connection, Vault(master).find, KINDS).read(filing_workflow(record.filing_id))

    with refusing(UnfoldableError, Exit.REFUSED, said("refused.filing_unreadable")):
        told = ask(look)
        return list(sent_with(told)), told.state
