"""`motcua ledger verify`: is the record whole?"""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from deploy import ledger_verifier
from deploy.commands.database import APPLICATION, address, answered
from motcua.cli.running import AsJson, Exit, out, print_json

app = typer.Typer(
    name="ledger",
    help="Nhật ký sự kiện / The event log: verify that nothing was changed, moved or removed.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

_COLUMNS: Final = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())


@app.callback()
def _group() -> None:
    """Nhật ký sự kiện / The event log: verify that nothing was changed, moved or removed."""


@app.command()
def verify(*, as_json: AsJson = False) -> None:
    """Recompute every hash, chain, head and number of the log; exit 1 and name each place where it is broken.

    Examples: `motcua ledger verify`, `motcua ledger verify --json`
    """
    dsn = address(APPLICATION)
    with Progress(*_COLUMNS, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None)

        def looked_at(streams: int, events: int) -> None:
            progress.update(task, description=f"{streams:,} luồng / streams, {events:,} sự kiện / events")

        report = answered(ledger_verifier.verify(dsn, looked_at))
    if as_json:
        print_json(asdict(report))
    else:
        for problem in report.problems:
            out().print(f"[red]{escape(where(problem))}[/] {escape(problem.message)} [dim]({problem.rule})[/]")
        out().print(summary(report))
    if not report.verified:
        raise typer.Exit(Exit.REFUSED)


def where(problem: ledger_verifier.Problem) -> str:
    """The place of a problem: stream and seq, or the number."""
    place = f"{problem.stream} seq {problem.seq}" if problem.seq is not None else problem.stream
    return " ".join(part for part in (place, problem.number) if part)


def summary(report: ledger_verifier.Report) -> str:
    """One line for people."""
    size = f"{report.streams:,} luồng / streams, {report.events:,} sự kiện / events"
    if report.verified:
        return f"[green]nguyên vẹn / verified[/]: {size}"
    return f"[red]KHÔNG nguyên vẹn / NOT verified[/]: {len(report.problems)} lỗi / problems, {size}"
