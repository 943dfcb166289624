"""`motcua ledger`: is the record whole, and the read models that follow from it."""

from __future__ import annotations

import binascii
import os
from base64 import b64decode
from dataclasses import asdict
from typing import Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from deploy import ledger_verifier
from deploy import rebuild as rebuilding
from deploy.commands.database import APPLICATION, OWNER, address, answered, running_stack
from motcua.cli.running import AsJson, Exit, fail, out, print_json

app = typer.Typer(
    name="ledger",
    help="Nhật ký sự kiện / The event log: verify it, and rebuild from it what is shown.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

MASTER_KEY: Final = "MOTCUA_MASTER_KEY"
_KEY_BYTES: Final = 32
_COLUMNS: Final = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())


@app.callback()
def _group() -> None:
    """Nhật ký sự kiện / The event log: verify it, and rebuild from it what is shown."""


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


@app.command()
def rebuild(*, as_json: AsJson = False) -> None:
    """Build the read models again from the log and swap them in, while work goes on: filing, task, payment, parcel.

    Needs MOTCUA_OWNER_DATABASE_URL and MOTCUA_MASTER_KEY, or the stack of this folder. Ended at any moment, it leaves
    the old tables; run it again. `changed` counts the rows that were not what the log says.

    Examples: `motcua ledger rebuild`, `motcua ledger rebuild --json`
    """
    dsn, master = address(OWNER), master_key()
    columns = (
        SpinnerColumn(),
        BarColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("")

        def folded(events: int, of: int) -> None:
            described = f"{events:,} / {of:,} sự kiện / events"
            progress.update(task, completed=events, total=of, description=described)

        try:
            report = answered(rebuilding.rebuild(dsn, master, folded), OWNER)
        except rebuilding.NotRebuiltError as error:
            fail(f"chưa dựng lại, không có gì thay đổi / not rebuilt, nothing was changed: {error}", Exit.REFUSED)
    if as_json:
        print_json(asdict(report))
    else:
        out().print(_tables(report))


def master_key() -> bytes:
    """The master key from the environment, else from the stack in this folder, or the end of the command."""
    found = os.environ.get(MASTER_KEY) or running_stack().get(MASTER_KEY, "")
    try:
        key = b64decode(found, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != _KEY_BYTES:
        fail(
            f"đặt {MASTER_KEY}, hoặc chạy `motcua up` ở thư mục này / "
            f"set {MASTER_KEY} (base64 of {_KEY_BYTES} bytes), or run `motcua up` in this folder",
            Exit.USAGE,
        )
    return key


def _tables(report: rebuilding.Rebuilt) -> Table:
    took = f"{report.events:,} sự kiện / events, {report.streams:,} luồng / streams, {report.seconds:.1f} s"
    table = Table("Bảng / Table", "Dòng / Rows", "Đã sai / Were wrong", caption=took)
    for name, rows in report.rows.items():
        table.add_row(name, f"{rows:,}", f"{report.changed[name]:,}")
    return table


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
