"""`motcua procedures import`: drafts of procedure files from the table in which a province publishes its procedures."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import track

from motcua.cli.answer import columns, say, show_all
from motcua.cli.language import in_words
from motcua.cli.options import AsJson
from motcua.cli.running import Exit, exit_if, fail, print_json
from operations.commands.publishing.mistakes import print_mistakes
from operations.commands.publishing.procedures import app as app
from operations.publishing.drafts import Between, Drafted, drafts, save
from operations.publishing.tables import MAX_BYTES, Table, TableRefusedError, read_table
from rules.publishing.mistakes import Mistake, mistake
from schemas.saying import said

File = Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True)]
Into = Annotated[Path, typer.Option("--into", metavar="DIR", file_okay=False, help="option.import.into")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="option.import.dry_run")]


@dataclass
class Outcome:
    """What became of a table: drafts with what was done with each, rows that were refused, rows that are none."""

    drafts: list[tuple[Drafted, str]] = field(default_factory=list)
    refused: list[Mistake] = field(default_factory=list)
    between: list[Between] = field(default_factory=list)


@app.command("import")
def import_table(file: File, *, into: Into = Path("drafts"), dry_run: DryRun = False, as_json: AsJson = False) -> None:
    try:
        with file.open("rb") as source:
            table = read_table(source.read(MAX_BYTES + 1))
    except TableRefusedError as no:
        _print_refused(file, no.mistakes, as_json=as_json)
        raise typer.Exit(Exit.REFUSED) from None
    try:
        outcome = _outcome(table, file, None if dry_run else into)
    except OSError as error:
        fail(said("refused.import.into", into=into), Exit.NOT_AVAILABLE, detail=error.strerror)
    if as_json:
        print_json(_told(outcome, table, into))
    else:
        _show(outcome, table, file, into)
    exit_if(outcome.refused)


def _outcome(table: Table, file: Path, into: Path | None) -> Outcome:
    """Draft every row, and write the drafts into a folder if one is given."""
    outcome = Outcome()
    for drafted in track(
        drafts(table, file.name),
        in_words(said("label.rows")),
        len(table.rows),
        console=Console(stderr=True),
        transient=True,
    ):
        if isinstance(drafted, Between):
            outcome.between += [drafted] if drafted.words else []
        elif drafted.mistakes:
            outcome.refused += drafted.mistakes
        else:
            _keep(drafted, into, outcome)
    return outcome


def _keep(drafted: Drafted, into: Path | None, outcome: Outcome) -> None:
    if into is None:
        outcome.drafts.append((drafted, "not_written"))
        return
    try:
        new = save(drafted, into)
    except FileExistsError:
        there = mistake("draft_exists", "", file=into / drafted.file)
        outcome.refused.append(there.model_copy(update={"line": drafted.row}))
    else:
        outcome.drafts.append((drafted, "written" if new else "unchanged"))


def _print_refused(file: Path, mistakes: list[Mistake], *, as_json: bool) -> None:
    if as_json:
        print_json({"drafts": [], "refused": [_row(entry) for entry in mistakes], "unknown_columns": [], "skipped": []})
    else:
        print_mistakes([(file, entry) for entry in mistakes])


def _row(entry: Mistake) -> dict[str, Any]:
    """A mistake by the row and the heading where it stands."""
    told = entry.model_dump(mode="json", include={"rule", "message", "fix"})
    return {"row": entry.line, "column": entry.path, **told}


def _told(outcome: Outcome, table: Table, into: Path) -> dict[str, Any]:
    return {
        "drafts": [
            {
                "row": drafted.row,
                "file": str(into / drafted.file),
                "outcome": word,
                "unsettled": [_row(entry) for entry in drafted.unsettled],
            }
            for drafted, word in outcome.drafts
        ],
        "refused": [_row(entry) for entry in outcome.refused],
        "unknown_columns": table.headings.unknown,
        "skipped": [row._asdict() for row in outcome.between],
    }


def _show(outcome: Outcome, table: Table, file: Path, into: Path) -> None:
    """What is wrong first, then each draft with how much it leaves open, then the sums."""
    print_mistakes([(file, entry) for entry in outcome.refused])
    rows = [(word, into / drafted.file, len(drafted.unsettled)) for drafted, word in outcome.drafts]
    if rows:
        show_all(rows, _DRAFTS)
    if table.headings.unknown:
        say(said("command.import.unknown_columns", columns="; ".join(table.headings.unknown)))
    if outcome.between:
        between = "; ".join(f"{row.row}: {row.words}" for row in outcome.between)
        say(said("command.import.no_procedure", rows=between))
    refused = len({entry.line for entry in outcome.refused})
    say(said("command.import.sums", drafts=len(outcome.drafts), refused=refused))


_DRAFTS: Final = columns("state:0|command.import file:1 to_settle:2")
