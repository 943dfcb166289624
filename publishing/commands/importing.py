"""`motcua procedures import`: drafts of procedure files from a province's published table of procedures."""

from pathlib import Path
from typing import Annotated

import typer

from motcua.cli.answer import columns, say, show_all
from motcua.cli.options import AsJson
from motcua.cli.running import Exit, exit_if, print_json, refusing, strerror
from publishing.commands.mistakes import print_mistakes
from publishing.commands.procedures import app as app
from publishing.importing.imported import Outcome, outcome_of, plain, row_of
from publishing.importing.tables import MAX_BYTES, Table, TableRefusedError, read_table
from rules.source import Mistake
from schemas.translate import said

File = Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True)]
Into = Annotated[Path, typer.Option("--into", metavar="DIR", file_okay=False, help="option.import.into")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="option.import.dry_run")]


@app.command("import")
def import_table(file: File, *, into: Into = Path("drafts"), dry_run: DryRun = False, as_json: AsJson = False) -> None:
    try:
        with file.open("rb") as source:
            table = read_table(source.read(MAX_BYTES + 1))
    except TableRefusedError as no:
        _print_refused(file, no.mistakes, as_json=as_json)
        raise typer.Exit(Exit.REFUSED) from None
    with refusing(OSError, Exit.NOT_AVAILABLE, said("refused.import.into", into=into), strerror):
        outcome = outcome_of(table, file, None if dry_run else into)
    if as_json:
        print_json(plain(outcome, table, into))
    else:
        _show(outcome, table, file, into)
    exit_if(outcome.refused)


def _print_refused(file: Path, mistakes: list[Mistake], *, as_json: bool) -> None:
    if as_json:
        print_json(
            {"drafts": [], "refused": [row_of(entry) for entry in mistakes], "unknown_columns": [], "skipped": []}
        )
    else:
        print_mistakes([(file, entry) for entry in mistakes])


def _show(outcome: Outcome, table: Table, file: Path, into: Path) -> None:
    """Prints the mistakes, then each draft with the number of its open points, then the sums."""
    print_mistakes([(file, entry) for entry in outcome.refused])
    rows = [(word, into / drafted.file, len(drafted.unsettled)) for drafted, word in outcome.drafts]
    if rows:
        show_all(rows, columns("state:0|command.import file:1 to_settle:2"))
    if table.headings.unknown:
        say(said("command.import.unknown_columns", columns="; ".join(table.headings.unknown)))
    if outcome.between:
        between = "; ".join(f"{row.row}: {row.words}" for row in outcome.between)
        say(said("command.import.no_procedure", rows=between))
    refused = len({entry.line for entry in outcome.refused})
    say(said("command.import.sums", drafts=len(outcome.drafts), refused=refused))
