"""`motcua papers register`: the register of filings of an agency for a month or a year."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from activities.ledger.vault import Vault
from activities.printing.register_book import RegisterBook
from console.addresses import master_key
from console.database import Connection, ask
from motcua.cli.answer import columns, lines, progress, show_one
from motcua.cli.options import AsJson
from motcua.cli.running import Exit, fail, there
from operations.register_workbook import RegisterWorkbook, Taker, read_register
from rules.papers.register import period
from rules.streams import KINDS
from schemas.errors import RefusalError
from schemas.papers.register import Register, RegisterEntry
from schemas.translate import said
from views.log import Log

app = typer.Typer()


@app.command()
def register(
    agency: Annotated[str, typer.Argument(metavar="AGENCY", help="option.register.agency")],
    when: Annotated[str, typer.Argument(metavar="PERIOD", help="option.period")],
    *,
    pdf: Annotated[Path | None, typer.Option("--pdf", metavar="FILE", help="option.register.pdf")] = None,
    xlsx: Annotated[Path | None, typer.Option("--xlsx", metavar="FILE", help="option.register.xlsx")] = None,
    as_json: AsJson = False,
) -> None:
    asked = period(when)
    if asked is None:
        fail(said("refused.period", period=when), Exit.USAGE)
    if not (pdf or xlsx or as_json):
        fail(said("refused.register.how"), Exit.USAGE)
    kept = _Kept(pdf, xlsx, as_json=as_json)
    master = master_key()
    with progress(what=said("label.filings")) as moved:

        async def look(connection: Connection) -> Register | None:
            log = Log(connection, Vault(master).find, KINDS)
            try:
                return await read_register(log, agency, asked, kept.begin, moved)
            except RefusalError:
                return None

        found = ask(look)
    head = there(found, said("refused.register.no_agency", agency=agency))
    kept.write()
    data = head.model_dump(mode="json") | {"lines": kept.rows}
    files = lines(file for file in (pdf, xlsx) if file is not None)
    show_one({"file": files, "filings": head.filings}, columns("file filings"), as_json=as_json, data=data)


class _Kept:
    """The requested outputs of the register (PDF, XLSX, JSON). If the register is read again, all start again."""

    def __init__(self, pdf: Path | None, xlsx: Path | None, *, as_json: bool) -> None:
        self._pdf, self._xlsx, self._as_json = pdf, xlsx, as_json
        self._book: RegisterBook | None = None
        self._workbook: RegisterWorkbook | None = None
        self.rows: list[dict[str, object]] = []

    def begin(self, head: Register) -> Iterable[Taker]:
        """Starts the outputs from the beginning, and returns those that receive lines."""
        self.rows = []
        if self._workbook is not None:
            self._workbook.drop()
        self._book = None if self._pdf is None else RegisterBook(head)
        self._workbook = None if self._xlsx is None else RegisterWorkbook(head)
        rows = self if self._as_json else None
        return (taker for taker in (self._book, self._workbook, rows) if taker is not None)

    def add(self, entries: Iterable[RegisterEntry]) -> None:
        """Keeps lines as plain data."""
        self.rows += [entry.model_dump(mode="json") for entry in entries]

    def write(self) -> None:
        """Writes the files, or ends the command."""
        try:
            if self._pdf is not None and self._book is not None:
                self._pdf.write_bytes(self._book.bound())
            if self._xlsx is not None and self._workbook is not None:
                self._workbook.save(self._xlsx)
        except OSError as error:
            fail(said("refused.not_written", file=error.filename), Exit.USAGE, detail=error.strerror)
