"""`motcua ledger`: is the record whole, and the read models that follow from it."""

from __future__ import annotations

import binascii
import os
from base64 import b64decode
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.markup import escape
from rich.table import Table

from motcua.cli.running import AsJson, Exit, fail, out, print_json
from operations import bundle as bundles
from operations import bundle_verifier, ledger_verifier
from operations import rebuild as rebuilding
from operations.addresses import APPLICATION, OWNER, running_stack
from operations.commands.database import address, answered, ask
from operations.commands.printing import bar
from operations.commands.record import Which
from operations.home import write_private

app = typer.Typer(
    name="ledger",
    help="Nhật ký sự kiện / The event log: verify it, and rebuild from it what is shown.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

MASTER_KEY: Final = "MOTCUA_MASTER_KEY"
_KEY_BYTES: Final = 32
_EVENTS: Final = "sự kiện / events"


@app.callback()
def _group() -> None:
    """Nhật ký sự kiện / The event log: verify it, and rebuild from it what is shown."""


@app.command()
def verify(
    bundle: Annotated[
        Path | None,
        typer.Argument(metavar="[BUNDLE]", exists=True, dir_okay=False, help="A bundle, instead of the log."),
    ] = None,
    *,
    files: Annotated[
        Path | None, typer.Option("--files", exists=True, file_okay=False, help="Where the bundle's files lie.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Recompute every hash, chain, head and number of the log; exit 1 and name each place where it is broken.

    With BUNDLE: the same for what `motcua ledger export` made, offline: no database, no settings.

    Examples: `motcua ledger verify`, `motcua ledger verify H01.12-20261125-0000001.json --files papers`
    """
    if bundle is None and files is not None:
        fail("--files đi cùng một BUNDLE / --files goes with a BUNDLE", Exit.USAGE)
    report = _verified() if bundle is None else bundle_verifier.verify(bundle.read_bytes(), files)
    if as_json:
        print_json(asdict(report))
    else:
        for problem in report.problems:
            out().print(f"[red]{escape(where(problem))}[/] {escape(problem.message)} [dim]({problem.rule})[/]")
        for head in [] if isinstance(report, ledger_verifier.Report) else report.heads:
            out().print(f"{escape(head.stream)} seq {head.seq} [dim]{escape(head.hash)}[/]")
        out().print(summary(report))
    if not report.verified:
        raise typer.Exit(Exit.REFUSED)


def _verified() -> ledger_verifier.Report:
    """The whole log."""
    dsn = address(APPLICATION)
    with bar() as progress:
        task = progress.add_task("")

        def looked_at(streams: int, events: int, of: int) -> None:
            described = f"{streams:,} luồng / streams, {events:,} / {of:,} {_EVENTS}"
            progress.update(task, completed=events, total=of, description=described)

        return answered(lambda: ledger_verifier.verify(dsn, looked_at))


@app.command()
def export(
    which: Which,
    *,
    to: Annotated[Path, typer.Option("--out", metavar="FILE", dir_okay=False, help="Where the bundle is written.")],
    with_sealed: Annotated[
        bool, typer.Option("--with-sealed", help="Also what is sealed, and the key to it: personal data.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write what proves one filing outside of the house: its events, hashes and receipts, and its files' digests.

    Nothing personal is in it, unless `--with-sealed` asks for that; it needs MOTCUA_MASTER_KEY.

    Examples: `motcua ledger export H01.12-20261125-0000001 --out bundle.json`, then `motcua ledger verify bundle.json`
    """
    master = master_key() if with_sealed else None
    try:
        bundle = ask(lambda connection: bundles.export(connection, which, master))
    except bundles.NotExportedError as error:
        fail(f"chưa xuất / not exported: {error}", Exit.REFUSED)
    if bundle is None:
        fail(f"không có hồ sơ này / the record has no filing {which}", Exit.NOT_AVAILABLE)
    data = bundle_verifier.canonical(bundle)
    try:
        write_private(to, data.decode())
    except OSError as error:
        fail(f"{to}: {error.strerror}", Exit.USAGE)
    report = bundle_verifier.verify(data)
    if as_json:
        print_json({"file": str(to), "bytes": len(data), "digest": bundle["digest"]} | asdict(report))
    else:
        out().print(f"{escape(str(to))} {len(data):,} byte, {summary(report)}")
    if not report.verified:
        fail(f"hồ sơ này không còn nguyên vẹn / this record is not whole: motcua ledger verify {to}", Exit.REFUSED)


@app.command()
def rebuild(*, as_json: AsJson = False) -> None:
    """Build the read models again from the log and swap them in, while work goes on.

    Needs MOTCUA_OWNER_DATABASE_URL and MOTCUA_MASTER_KEY, or the stack of this folder. Ended at any moment, it leaves
    the old tables; run it again. `changed` counts the rows that were not what the log says.

    Examples: `motcua ledger rebuild`, `motcua ledger rebuild --json`
    """
    dsn, master = address(OWNER), master_key()
    with bar() as progress:
        task = progress.add_task("")

        def folded(events: int, of: int) -> None:
            described = f"{events:,} / {of:,} {_EVENTS}"
            progress.update(task, completed=events, total=of, description=described)

        try:
            report = answered(lambda: rebuilding.rebuild(dsn, master, folded), OWNER)
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


def where(problem: ledger_verifier.Problem | bundle_verifier.Problem) -> str:
    """The place of a problem: stream and seq, or the number."""
    place = f"{problem.stream} seq {problem.seq}" if problem.seq is not None else problem.stream
    number = problem.number if isinstance(problem, ledger_verifier.Problem) else None
    return " ".join(part for part in (place, number) if part)


def summary(report: ledger_verifier.Report | bundle_verifier.Report) -> str:
    """One line for people."""
    streams = report.streams if isinstance(report, ledger_verifier.Report) else len(report.heads)
    size = f"{streams:,} luồng / streams, {report.events:,} sự kiện / events"
    if report.verified:
        return f"[green]nguyên vẹn / verified[/]: {size}"
    return f"[red]KHÔNG nguyên vẹn / NOT verified[/]: {len(report.problems)} lỗi / problems, {size}"
