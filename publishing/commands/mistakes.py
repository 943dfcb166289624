"""Mistakes and doubtful facts in files, for people and as JSON."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple, NoReturn

import typer

from motcua.cli.answer import Marked, columns, show_all
from motcua.cli.language import in_words
from motcua.cli.running import Exit, exit_if, print_json
from publishing.authoring.procedure_file import doubts_of
from publishing.checks.facts import Doubt
from rules.source import Mistake
from rules.time.working_time import VIETNAM
from schemas.base import Text
from schemas.translate import said

File = Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True)]
Files = Annotated[list[Path], typer.Argument(metavar="FILE…", exists=True, dir_okay=False, readable=True)]


def mistake_row(path: Path, entry: Mistake) -> dict[str, Any]:
    """Returns a mistake and its file as plain data."""
    return {"file": str(path), **entry.model_dump(mode="json")}


class Finding(NamedTuple):
    """A row of a report: the file with the line, the path in the file, the broken rule, and the problem in words."""

    file: Marked
    place: str
    rule: str
    problem: Text | str


FINDINGS: Final = columns("file place rule problem")


def at(path: Path, line: int | None, style: str) -> Marked:
    """Returns the path of a file, with the line if known."""
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
    """Prints these mistakes, then ends the command."""
    if as_json:
        print_json([mistake_row(*one) for one in found])
    else:
        print_mistakes(found)
    raise typer.Exit(Exit.REFUSED)


Quiet = Annotated[bool, typer.Option("--quiet", help="option.quiet")]


def report_looks(
    files: Sequence[Path], mistakes_of: Callable[[bytes, date], list[Mistake]], *, quiet: bool, as_json: bool
) -> None:
    """Prints the results for every file, as of today in Vietnam; exits with 1 if there is a mistake.

    For people, a row for each mistake, then for each doubtful fact unless `quiet`, then for each correct file. As JSON:
    `mistakes`, `stale` and `unconfirmed`, each a list over all files.
    """
    today = datetime.now(VIETNAM).date()
    groups: dict[str, list[dict[str, Any]]] = {"mistakes": [], **{doubt.value: [] for doubt in Doubt}}
    wrong, doubtful, correct = [], [], []
    for path in dict.fromkeys(files):
        data = path.read_bytes()
        mistakes, doubted = mistakes_of(data, today), doubts_of(data, today)
        for entry in mistakes:
            groups["mistakes"].append(mistake_row(path, entry))
            wrong.append(mistaken(path, entry))
        for place, doubt, line in doubted:
            groups[doubt].append({"file": str(path), "path": place, "line": line})
            doubtful.append(Finding(at(path, line, "yellow"), place, doubt, said(f"command.doubt.{doubt}")))
        if not mistakes:
            counts = Counter(doubt for _, doubt, _ in doubted)
            summary = ", ".join(f"{n} {doubt}" for doubt, n in sorted(counts.items()))
            correct.append(Finding(at(path, None, "green"), "", summary, "ok"))
    if as_json:
        print_json(groups)
    else:
        show_all([*wrong, *(() if quiet else doubtful), *correct], FINDINGS)
    exit_if(wrong)
