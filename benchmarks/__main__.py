"""`python -m benchmarks NAME --json FILE`."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from benchmarks import calendar as calendar_benchmark
from benchmarks import engine as engine_benchmark
from benchmarks import report
from benchmarks.asking import AskedError
from benchmarks.documents import files as files_benchmark
from benchmarks.documents import papers as papers_benchmark
from benchmarks.elsewhere import NoCheckoutError, check
from benchmarks.record import append as append_benchmark
from benchmarks.record import guards as guards_benchmark
from benchmarks.record import ledger as ledger_benchmark
from benchmarks.watching import memory as memory_benchmark
from benchmarks.watching.late import TooSlowError
from deploy.stack import StackError

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def benchmarks() -> None:
    """Measure the product. Each benchmark sets up all it needs, and removes it again."""
    os.environ.setdefault("MOTCUA_IDENTITY", "off")  # what it costs to sign is a comparison of its own


@app.command()
def engine(
    *,
    file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write everything as JSON.")] = None,
    concurrency: Annotated[
        list[int] | None,
        typer.Option("--concurrency", min=1, metavar="N", help="Filings at once; may be repeated. 1, 10 and 100."),
    ] = None,
    rounds: Annotated[int, typer.Option("--rounds", min=1, metavar="N", help="Of each side.")] = 5,
    seconds: Annotated[float, typer.Option("--seconds", min=0.1, metavar="S", help="Of a round.")] = 13,
    against: Annotated[
        Path | None,
        typer.Option("--against", metavar="PATH", help="A checkout of another commit, with its .venv: `before`."),
    ] = None,
) -> None:
    """A whole level-4 filing against its skeleton (the same workflows and activities, empty), and that on DBOS.

    Read the ratios of CPU: every other figure is the machine's as much as ours. See docs/performance.md.

    Examples: `python -m benchmarks engine --json out.json`, `python -m benchmarks engine --concurrency 10 --rounds 3`,
    `python -m benchmarks engine --against ../before`
    """
    _see_folder(file)
    if against is not None:
        _see_checkout(against)
    plan = engine_benchmark.Plan(tuple(concurrency or engine_benchmark.CONCURRENCY), rounds, seconds, against)
    said = Console(stderr=True, soft_wrap=True, highlight=False)
    try:
        measured = asyncio.run(engine_benchmark.run(plan, said.print))
    except (StackError, engine_benchmark.DifferentShapeError, AskedError, TooSlowError) as error:
        _fail(str(error), 1)
    report.show(measured, Console(soft_wrap=True, highlight=False))
    if file is not None:
        file.write_bytes(report.as_json(measured))


@app.command()
def calendar(
    *,
    file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write everything as JSON.")] = None,
) -> None:
    """100,000 due dates of mixed limits, a quarter of them with pauses, projected on one core.

    Example: `python -m benchmarks calendar --json out.json`
    """
    _see_folder(file)
    measured = calendar_benchmark.run()
    typer.echo(str(measured))
    if file is not None:
        file.write_bytes(calendar_benchmark.as_json(measured))


@app.command()
def memory(
    *,
    submissions: Annotated[
        int, typer.Option("--submissions", min=memory_benchmark.FEWER, metavar="N", help="Filings that stay open.")
    ] = 10_000,
    file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write everything as JSON.")] = None,
) -> None:
    """More open filings than a worker keeps in memory: how much it takes, and what a decision costs among them.

    Example: `python -m benchmarks memory --json out.json`
    """
    _see_folder(file)
    said = Console(stderr=True, soft_wrap=True, highlight=False)
    try:
        measured = asyncio.run(memory_benchmark.run(submissions, said.print))
    except StackError as error:
        _fail(str(error), 1)
    typer.echo(str(measured))
    if file is not None:
        file.write_bytes(memory_benchmark.as_json(measured))


@app.command()
def files(
    *,
    many: Annotated[int, typer.Option("--files", min=1, metavar="N", help="Files that are attached.")] = (
        files_benchmark.MANY
    ),
    size: Annotated[float, typer.Option("--size", min=0.001, max=20, metavar="MB", help="Of each.")] = 1,
    file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write everything as JSON.")] = None,
) -> None:
    """Files put into a store in a folder, against a plain copy of them with sha256, as lasting and as many at once.

    Example: `python -m benchmarks files --json out.json`
    """
    _see_folder(file)
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("files, each twice", total=2 * many)
        each = round(size * files_benchmark.MEGABYTE)
        measured = asyncio.run(files_benchmark.run(many, each, lambda done: bar.advance(task, done)))
    typer.echo(str(measured))
    if file is not None:
        file.write_bytes(files_benchmark.as_json(measured))


@app.command()
def papers(
    *,
    many: Annotated[int, typer.Option("--papers", min=1, metavar="N", help="Receipts that are made.")] = (
        papers_benchmark.MANY
    ),
    file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write everything as JSON.")] = None,
) -> None:
    """Receipts rendered, hashed and stored, against the bare compile of the same template by one reused compiler.

    What their seals cost stands on a line of its own: each asks a signer, a time-stamp and answers about revocation.

    Example: `python -m benchmarks papers --json out.json`
    """
    _see_folder(file)
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("receipts, compiles, seals", total=2 * many + papers_benchmark.SEALED)
        measured = asyncio.run(
            papers_benchmark.run(many, papers_benchmark.SEALED, lambda done: bar.advance(task, done))
        )
    typer.echo(str(measured))
    if file is not None:
        file.write_bytes(papers_benchmark.as_json(measured))


@app.command()
def guards(
    *,
    file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write everything as JSON.")] = None,
    rounds: Annotated[int, typer.Option("--rounds", min=1, metavar="N", help="Of each act on each side.")] = 5,
    seconds: Annotated[float, typer.Option("--seconds", min=0.1, metavar="S", help="Of a round.")] = 8,
    concurrency: Annotated[int, typer.Option("--concurrency", min=1, metavar="N", help="Acts at once.")] = 10,
    side: Annotated[
        list[str] | None,
        typer.Option("--side", metavar="NAME", help="codec, identity, both; may be repeated. All of them."),
    ] = None,
) -> None:
    """Submissions, commands and looks with what guards them, against the same without: CPU of each.

    Examples: `python -m benchmarks guards --json out.json`, `python -m benchmarks guards --side both`
    """
    _see_folder(file)
    sides = side or guards_benchmark.GUARDED
    if unknown := set(sides) - set(guards_benchmark.GUARDED):
        _fail(f"there is no side {', '.join(sorted(unknown))}", 2)
    plan = guards_benchmark.Plan(rounds, seconds, concurrency, sides)
    said = Console(stderr=True, soft_wrap=True, highlight=False)
    try:
        measured = asyncio.run(guards_benchmark.run(plan, said.print))
    except (StackError, AskedError) as error:
        _fail(str(error), 1)
    typer.echo(str(measured))
    if file is not None:
        file.write_bytes(guards_benchmark.as_json(measured))


@app.command()
def append(
    *,
    against: Annotated[Path, typer.Option("--against", metavar="PATH", help="A checkout of another commit: `before`.")],
    file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write everything as JSON.")] = None,
    rounds: Annotated[int, typer.Option("--rounds", min=1, metavar="N", help="On each side.")] = 20,
    seconds: Annotated[float, typer.Option("--seconds", min=0.1, metavar="S", help="Of a round.")] = 2,
) -> None:
    """What a filing appends, a submission and ten events, with no engine around it: CPU, against another commit's.

    Examples: `python -m benchmarks append --against ../before`
    """
    _see_folder(file)
    _see_checkout(against)
    said = Console(stderr=True, soft_wrap=True, highlight=False)
    try:
        measured = asyncio.run(append_benchmark.run(against, rounds, seconds, said.print))
    except (StackError, AskedError) as error:
        _fail(str(error), 1)
    typer.echo(str(measured))
    if file is not None:
        file.write_bytes(append_benchmark.as_json(measured))


@app.command()
def ledger(
    *,
    events: Annotated[
        int, typer.Option("--events", min=1_000, metavar="N", help="In the log; a tenth of it is looked at first.")
    ] = ledger_benchmark.EVENTS,
    file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write everything as JSON.")] = None,
) -> None:
    """A long log verified, without and with the master key, and the read models rebuilt from it.

    Read the seconds of CPU: two cores side by side verify 100,000 events a second where these take 2 s in all.

    Examples: `python -m benchmarks ledger --json out.json`, `python -m benchmarks ledger --events 100000`
    """
    _see_folder(file)
    said = Console(stderr=True, soft_wrap=True, highlight=False)
    try:
        measured = asyncio.run(ledger_benchmark.run(events, said.print))
    except (StackError, ledger_benchmark.NotWholeError) as error:
        _fail(str(error), 1)
    typer.echo(str(measured))
    if file is not None:
        file.write_bytes(ledger_benchmark.as_json(measured))


def _see_folder(file: Path | None) -> None:
    if file is not None and not file.absolute().parent.is_dir():
        _fail(f"there is no folder for {file}", 2)


def _see_checkout(folder: Path) -> None:
    try:
        check(folder)
    except NoCheckoutError as error:
        _fail(str(error), 2)


def _fail(message: str, code: int) -> None:
    typer.echo(message, err=True)
    raise typer.Exit(code)


if __name__ == "__main__":
    app(prog_name="python -m benchmarks")
