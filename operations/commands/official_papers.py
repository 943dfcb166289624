"""`motcua papers`: the control slip of a filing, the register of an agency, and agencies' own templates."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.markup import escape

from activities.ledger.vault import Vault
from activities.printing.register_book import RegisterBook
from activities.printing.templates import standard, version_of
from console.agencies import see_agency
from console.database import OWNER, Connection, address, answered, ask, master_key
from motcua.cli.answer import Column, columns, lines, progress, show_all, show_one
from motcua.cli.help import group
from motcua.cli.language import in_words
from motcua.cli.options import AsJson, MaybeOperator, WhichFiling
from motcua.cli.running import Exit, exit_if, fail, out, print_json
from operations.commands.ledger.record import known_filing, unsealed
from operations.register_workbook import RegisterWorkbook, Taker, read_register
from publishing.authoring import paper_templates as pt
from publishing.authoring.procedure_file import MistakesFoundError
from publishing.commands.mistakes import mistake_row, print_mistakes
from publishing.commands.procedures import published_version
from publishing.commands.publisher import in_force, published, publisher, recorded, row_of
from rules.papers.deeds import OUTCOME_NAMES, act, somebody_else, who
from rules.papers.register import period
from rules.streams import KINDS
from schemas.base import Text
from schemas.ids import filing_workflow
from schemas.papers.register import ControlSlip, Deed, Effort, Hand, Holder, Register, RegisterEntry
from schemas.papers.state import PaperKind
from schemas.translate import said
from views.log import Log
from views.registers.papers import control_slip

app = group("papers")


@app.command()
def control(which: WhichFiling, *, as_json: AsJson = False) -> None:
    record = ask(lambda connection: known_filing(connection, which))
    baseline = published_version(f"{record.procedure}@{record.version}").baseline
    slip = unsealed(lambda log: control_slip(log, filing_workflow(record.filing_id), baseline))
    rows = [(n, slip, hand) for n, hand in enumerate(slip.hands, 1)]
    show_all(rows, _COLUMNS, *_effort(slip.effort), as_json=as_json, data=slip.model_dump(mode="json"))


def _who(slip: ControlSlip, hand: Hand) -> str:
    queued = in_words(said("command.control.queued")) if hand.holder is Holder.OFFICER else ""
    acting = said("command.control.acting", officer=_named(slip, hand.acting_for)) if hand.acting_for else ""
    name = _named(slip, hand.subject or hand.accountable) or queued
    return lines(line for line in (who(hand), name, acting, hand.agency) if line)


def _named(slip: ControlSlip, subject: str | None) -> str:
    """Returns an officer's name in the directory, else their subject in the log."""
    return "" if subject is None else slip.officers.get(subject, subject)


def _deed(slip: ControlSlip, hand: Hand, deed: Deed) -> str:
    by = somebody_else(hand, deed)
    return in_words(act(hand, deed, {by: _named(slip, by)} if by else {}))


_COLUMNS: Final = columns(
    "n:0",
    Column("since", lambda row: row[2].since),
    Column("until", lambda row: row[2].until or "…"),
    Column("hours", lambda row: "{}:{:02}".format(*divmod(row[2].working_minutes, 60))),
    Column("who", lambda row: _who(row[1], row[2])),
    Column("stage", lambda row: row[2].part or row[2].step),
    Column("done", lambda row: lines(_deed(row[1], row[2], deed) for deed in row[2].done)),
    Column("due", lambda row: row[2].due),
    Column("in_time", lambda row: row[2].outcome and OUTCOME_NAMES[row[2].outcome]),
)


def _effort(effort: Effort) -> Iterator[Text]:
    known = effort.baseline
    days, visits = ("?", "?") if known is None else (known.working_days, known.visits)
    counts = {"days": effort.working_days, "visits": effort.visits}
    yield said("command.control.effort", **counts, days_before=days, visits_before=visits)
    if known is None:
        yield said("command.control.no_baseline")


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
    see_agency(agency)
    master = master_key()
    with progress(what=said("label.filings")) as moved:

        async def look(connection: Connection) -> Register:
            return await read_register(Log(connection, Vault(master).find, KINDS), agency, asked, kept.begin, moved)

        head = ask(look)
    kept.write()
    data = head.model_dump(mode="json") | {"lines": kept.rows}
    files = lines(file for file in (pdf, xlsx) if file is not None)
    show_one({"file": files, "filings": head.filings}, columns("file filings"), as_json=as_json, data=data)


class _Kept:
    """The requested outputs of the register (PDF, XLSX, JSON). If the register is read again, `begin` restarts all."""

    def __init__(self, pdf: Path | None, xlsx: Path | None, *, as_json: bool) -> None:
        self._pdf, self._xlsx, self._as_json = pdf, xlsx, as_json
        self._book: RegisterBook | None = None
        self._workbook: RegisterWorkbook | None = None
        self.rows: list[dict[str, object]] = []

    def begin(self, head: Register) -> Iterable[Taker]:
        """Starts all outputs from the beginning, and returns them as takers of the register's lines."""
        self.rows = []
        if self._workbook is not None:
            self._workbook.drop()
        self._book = None if self._pdf is None else RegisterBook(head)
        self._workbook = None if self._xlsx is None else RegisterWorkbook(head)
        rows = self if self._as_json else None
        return (taker for taker in (self._book, self._workbook, rows) if taker is not None)

    def add(self, entries: Iterable[RegisterEntry]) -> None:
        """Keeps the next lines of the register as plain data, for JSON."""
        self.rows += [entry.model_dump(mode="json") for entry in entries]

    def write(self) -> None:
        """Writes the PDF and the XLSX file; ends the command if one can't be written."""
        try:
            if self._pdf is not None and self._book is not None:
                self._pdf.write_bytes(self._book.bound())
            if self._xlsx is not None and self._workbook is not None:
                self._workbook.save(self._xlsx)
        except OSError as error:
            fail(said("refused.not_written", file=error.filename), Exit.USAGE, detail=error.strerror)


templates = group("templates")
app.add_typer(templates)

OfPaper = Annotated[PaperKind, typer.Argument(metavar="PAPER", help="option.templates.paper")]
File = Annotated[Path, typer.Argument(metavar="FILE.typ", exists=True, dir_okay=False, readable=True)]
OfProcedure = Annotated[str, typer.Option("--procedure", metavar="CODE", help="option.templates.procedure")]


@templates.command()
def check(paper: OfPaper, file: File, *, as_json: AsJson = False) -> None:
    mistakes = pt.check_template(file.read_bytes(), paper)
    if as_json:
        print_json([mistake_row(file, one) for one in mistakes])
    elif mistakes:
        print_mistakes([(file, one) for one in mistakes])
    else:
        out().print(f"[green]ok[/] {escape(str(file))}")
    exit_if(mistakes)


@templates.command()
def publish(
    paper: OfPaper,
    file: File,
    *,
    agency: Annotated[str, typer.Option("--agency", metavar="CODE", help="option.templates.agency")],
    procedure: OfProcedure = pt.ALL,
    by: MaybeOperator = None,
    as_json: AsJson = False,
) -> None:
    slot = pt.Slot(agency, paper, procedure)
    try:
        done = recorded(lambda: pt.publish_template(address(OWNER), file.read_bytes(), slot, publisher(by)))
    except MistakesFoundError as error:
        if not as_json:
            print_mistakes([(file, one) for one in error.mistakes])
        told = {"mistakes": [mistake_row(file, one) for one in error.mistakes]}
        fail(said("refused.not_published"), Exit.REFUSED, told, detail=len(error.mistakes))
    except pt.UnknownPlaceError as error:
        fail(said("refused.not_published"), Exit.NOT_AVAILABLE, detail=error)
    show_one(done, _PUBLISHED, as_json=as_json, data=done._asdict())


@templates.command("list")
def list_published(*, as_json: AsJson = False) -> None:
    entries = answered(lambda: pt.published_templates(address(OWNER)), OWNER)
    show_all(entries, _LISTED, as_json=as_json, data=[row_of(entry) for entry in entries])


@templates.command()
def show(
    paper: OfPaper,
    *,
    agency: Annotated[str | None, typer.Option("--agency", metavar="CODE", help="option.templates.whose")] = None,
    procedure: OfProcedure = pt.ALL,
    as_json: AsJson = False,
) -> None:
    if agency is None:
        row: dict[str, Any] = {"sha256": version_of(), "source": standard()}
    else:
        see_agency(agency, OWNER)
        entries = answered(lambda: pt.published_templates(address(OWNER), agency), OWNER)
        chosen = [one for one in entries if (one.paper, one.procedure, one.in_force) == (paper, procedure, True)]
        if not chosen:
            fail(said("refused.templates.standard"), Exit.NOT_AVAILABLE)
        row = row_of(chosen[0]) | {"source": chosen[0].source}
    if as_json:
        print_json(row)
    else:
        typer.echo(row["source"], nl=False)


_SLOT: Final = columns(
    "agency paper|paper",
    Column("procedure", "procedure", lambda one: said("command.templates.everywhere") if one == pt.ALL else one),
)
_LISTED: Final = columns(*_SLOT, "published:published_at", Column("state", "in_force", in_force), "sha256")
_PUBLISHED: Final = (Column("state", "already", published), *_SLOT, Column("sha256", "sha256"))
