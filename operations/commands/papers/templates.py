"""`motcua papers templates`: check, publish and read the templates by which agencies replace the standard one."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.markup import escape

from activities.printing.templates import standard, version_of
from console.addresses import OWNER
from console.database import address, answered
from motcua.cli.answer import Column, columns, show_all, show_one
from motcua.cli.help import group
from motcua.cli.options import AsJson, MaybeOperator
from motcua.cli.running import Exit, exit_if, fail, out, print_json
from publishing.authoring.paper_templates import (
    ALL,
    Slot,
    UnknownPlaceError,
    check_template,
    publish_template,
    published_templates,
)
from publishing.authoring.procedure_file import MistakesFoundError
from publishing.commands.mistakes import mistake_row, print_mistakes
from publishing.commands.publisher import in_force, published, publisher, recorded, row_of
from schemas.papers.state import PaperKind
from schemas.translate import said

app = group("templates")

OfPaper = Annotated[PaperKind, typer.Argument(metavar="PAPER", help="option.templates.paper")]
File = Annotated[Path, typer.Argument(metavar="FILE.typ", exists=True, dir_okay=False, readable=True)]
OfProcedure = Annotated[str, typer.Option("--procedure", metavar="CODE", help="option.templates.procedure")]


@app.command()
def check(paper: OfPaper, file: File, *, as_json: AsJson = False) -> None:
    found = check_template(file.read_bytes(), paper)
    if as_json:
        print_json([mistake_row(file, one) for one in found])
    elif found:
        print_mistakes([(file, one) for one in found])
    else:
        out().print(f"[green]ok[/] {escape(str(file))}")
    exit_if(found)


@app.command()
def publish(
    paper: OfPaper,
    file: File,
    *,
    agency: Annotated[str, typer.Option("--agency", metavar="CODE", help="option.templates.agency")],
    procedure: OfProcedure = ALL,
    by: MaybeOperator = None,
    as_json: AsJson = False,
) -> None:
    slot = Slot(agency, paper, procedure)
    try:
        done = recorded(lambda: publish_template(address(OWNER), file.read_bytes(), slot, publisher(by)))
    except MistakesFoundError as error:
        if not as_json:
            print_mistakes([(file, one) for one in error.mistakes])
        told = {"mistakes": [mistake_row(file, one) for one in error.mistakes]}
        fail(said("refused.not_published"), Exit.REFUSED, told, detail=len(error.mistakes))
    except UnknownPlaceError as error:
        fail(said("refused.not_published"), Exit.NOT_AVAILABLE, detail=error)
    show_one(done, _PUBLISHED, as_json=as_json, data=done._asdict())


@app.command("list")
def list_published(*, as_json: AsJson = False) -> None:
    entries = answered(lambda: published_templates(address(OWNER)), OWNER)
    show_all(entries, _LISTED, as_json=as_json, data=[row_of(entry) for entry in entries])


@app.command()
def show(
    paper: OfPaper,
    *,
    agency: Annotated[str | None, typer.Option("--agency", metavar="CODE", help="option.templates.whose")] = None,
    procedure: OfProcedure = ALL,
    as_json: AsJson = False,
) -> None:
    if agency is None:
        row: dict[str, Any] = {"sha256": version_of(), "source": standard()}
    else:
        entries = answered(lambda: published_templates(address(OWNER), agency), OWNER)
        found = [one for one in entries if (one.paper, one.procedure, one.in_force) == (paper, procedure, True)]
        if not found:
            fail(said("refused.templates.standard"), Exit.NOT_AVAILABLE)
        row = row_of(found[0]) | {"source": found[0].source}
    if as_json:
        print_json(row)
    else:
        typer.echo(row["source"], nl=False)


_SLOT: Final = columns(
    "agency paper|paper",
    Column("procedure", "procedure", lambda one: said("command.templates.everywhere") if one == ALL else one),
)
_LISTED: Final = columns(*_SLOT, "published:published_at", Column("state", "in_force", in_force), "sha256")
_PUBLISHED: Final = (Column("state", "already", published), *_SLOT, Column("sha256", "sha256"))
