"""The import of a table's rows: drafts, refused rows, and rows that are no procedure."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from motcua.cli.language import in_words
from publishing.importing.drafts import Between, Drafted, drafts, save
from publishing.importing.tables import Table
from rules.source import Mistake, mistake
from schemas.translate import said


@dataclass
class Outcome:
    """The result for a table: drafts with their outcomes, mistakes of refused rows, and rows that are no procedure."""

    drafts: list[tuple[Drafted, str]] = field(default_factory=list)
    refused: list[Mistake] = field(default_factory=list)
    between: list[Between] = field(default_factory=list)


def outcome_of(table: Table, file: Path, into: Path | None) -> Outcome:
    """Drafts every row, and writes the drafts into a folder if one is given."""
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


def row_of(entry: Mistake) -> dict[str, Any]:
    """Returns a mistake with its row and its column's heading."""
    told = entry.model_dump(mode="json", include={"rule", "message", "fix"})
    return {"row": entry.line, "column": entry.path, **told}


def plain(outcome: Outcome, table: Table, into: Path) -> dict[str, Any]:
    return {
        "drafts": [
            {
                "row": drafted.row,
                "file": str(into / drafted.file),
                "outcome": word,
                "unsettled": [row_of(entry) for entry in drafted.unsettled],
            }
            for drafted, word in outcome.drafts
        ],
        "refused": [row_of(entry) for entry in outcome.refused],
        "unknown_columns": table.headings.unknown,
        "skipped": [row._asdict() for row in outcome.between],
    }
