"""The report on checked procedure and province files: first mistakes, then facts that are stale or unconfirmed."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from motcua.cli.answer import show_all
from motcua.cli.running import exit_if, print_json
from publishing.authoring.procedure_file import Doubted, doubts_of
from publishing.checks.facts import Doubt
from publishing.commands.mistakes import FINDINGS, Finding, at, mistake_row, mistaken
from rules.source import Mistake
from rules.time.working_time import VIETNAM
from schemas.translate import said

Quiet = Annotated[bool, typer.Option("--quiet", help="option.quiet")]


class Look(NamedTuple):
    """A file, its mistakes, and those of its facts that must be checked again."""

    path: Path
    mistakes: list[Mistake]
    doubted: list[Doubted]


def report_looks(
    files: Sequence[Path], mistakes_of: Callable[[bytes, date], list[Mistake]], *, quiet: bool, as_json: bool
) -> None:
    """Prints the results for every file, as of today in Vietnam; exits with 1 if there is a mistake."""
    today = datetime.now(VIETNAM).date()
    contents = {path: path.read_bytes() for path in files}
    looks = [Look(path, mistakes_of(data, today), doubts_of(data, today)) for path, data in contents.items()]
    if as_json:
        print_looks_as_json(looks)
    else:
        print_looks(looks, quiet=quiet)
    exit_if(any(look.mistakes for look in looks))


def print_looks(looks: Sequence[Look], *, quiet: bool) -> None:
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


def print_looks_as_json(looks: Sequence[Look]) -> None:
    """Prints `mistakes`, `stale` and `unconfirmed`, each a list over all files."""
    groups: dict[str, list[dict[str, Any]]] = {"mistakes": [], **{doubt.value: [] for doubt in Doubt}}
    for look in looks:
        groups["mistakes"] += [mistake_row(look.path, entry) for entry in look.mistakes]
        for path, doubt, line in look.doubted:
            groups[doubt].append({"file": str(look.path), "path": path, "line": line})
    print_json(groups)
