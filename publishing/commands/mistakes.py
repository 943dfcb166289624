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
from publishing.authoring.procedure_file import Doubted, doubts_of
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
    """A row of a report: the file and its line, the place in it, the rule, and the words for it."""

    file: Marked
    place: str
    rule: str
    problem: Text | str


FINDINGS: Final = columns("file place rule problem")


def at(path: Path, line: int | None, style: str) -> Marked:
    """Returns a file's path with the line, if the line is known."""
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


Quiet = Annotated[bool, typer.Option("--quiet", help="option.quiet")]


class Look(NamedTuple):
    """A file, its mistakes, and those of its facts that must be checked again."""

    path: Path
    mistakes: list[Mistake]
    doubted: list[Doubted]


def report_looks(
    files: Sequence[Path], mistakes_of: Callable[[bytes, date], list[Mistake]], *, quiet: bool, as_json: bool
) -> None:
    """Prints the results for every file, as of today in Vietnam; exits with 1 if there is a mistake.

    As JSON: `mistakes`, `stale` and `unconfirmed`, each a list over all files.
    """
    today = datetime.now(VIETNAM).date()
    contents = {path: path.read_bytes() for path in files}
    looks = [Look(path, mistakes_of(data, today), doubts_of(data, today)) for path, data in contents.items()]
    if as_json:
        groups: dict[str, list[dict[str, Any]]] = {"mistakes": [], **{doubt.value: [] for doubt in Doubt}}
        for look in looks:
            groups["mistakes"] += [mistake_row(look.path, entry) for entry in look.mistakes]
            for path, doubt, line in look.doubted:
                groups[doubt].append({"file": str(look.path), "path": path, "line": line})
        print_json(groups)
    else:
        _print_looks(looks, quiet=quiet)
    exit_if(any(look.mistakes for look in looks))


def _print_looks(looks: Sequence[Look], *, quiet: bool) -> None:
    """Prints a row for each mistake, then for each doubtful fact unless `quiet`, then for each correct file."""
    rows = [mistaken(look.path, entry) for look in looks for entry in look.mistakes]
    for look in looks if not quiet else ():
        for path, doubt, line in look.doubted:
            rows.append(Finding(at(look.path, line, "yellow"), path, doubt, said(f"command.doubt.{doubt}")))
    for look in looks:
        if not look.mistakes:
            counts = Counter(doubted.doubt for doubted in look.doubted)
            summary = ", ".join(f"{counts[doubt]} {doubt}" for doubt in Doubt if counts[doubt])
            rows.append(Finding(at(look.path, None, "green"), "", summary, "ok"))
    show_all(rows, FINDINGS)
