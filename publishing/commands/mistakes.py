"""Mistakes and other findings in files, for people and as JSON."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple, NoReturn

import typer

from motcua.cli.answer import Marked, columns, show_all
from motcua.cli.language import in_words
from motcua.cli.running import Exit, print_json
from rules.source import Mistake
from schemas.base import Text

Files = Annotated[list[Path], typer.Argument(metavar="FILE…", exists=True, dir_okay=False, readable=True)]


def mistake_row(path: Path, entry: Mistake) -> dict[str, Any]:
    """Returns a mistake and its file as plain data."""
    return {"file": str(path), **entry.model_dump(mode="json")}


class Finding(NamedTuple):
    """A row of a report: the file and its line, the place in it, the rule, and the words for it."""

    file: Marked
    place: str
    rule: str
    problem: Text | str


FINDINGS: Final = columns("file place rule problem")


def at(path: Path, line: int | None, style: str) -> Marked:
    """Returns a file and its line, if it is known."""
    return Marked(f"{path}:{line}" if line else str(path), style)


def mistaken(path: Path, entry: Mistake) -> Finding:
    """Returns a mistake as a row of a report."""
    problem = f"{in_words(entry.message)}: {in_words(entry.fix)}"
    return Finding(at(path, entry.line, "red"), entry.path, entry.rule, problem)


def print_mistakes(found: Sequence[tuple[Path, Mistake]]) -> None:
    """Prints a row for each mistake; nothing if there is none."""
    if found:
        show_all([mistaken(*one) for one in found], FINDINGS)


def refuse_for(found: Sequence[tuple[Path, Mistake]], *, as_json: bool) -> NoReturn:
    """Prints these mistakes and ends the command."""
    if as_json:
        print_json([mistake_row(*one) for one in found])
    else:
        print_mistakes(found)
    raise typer.Exit(Exit.REFUSED)
