"""The command line of the benchmarks: `python -m benchmarks NAME --json FILE`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TaskID

from benchmarks import calendar as calendar_benchmark
from benchmarks import engine as engine_benchmark
from benchmarks import report
from benchmarks.asking import AskedError
from benchmarks.documents import files as files_benchmark
from benchmarks.documents import papers as papers_benchmark
from benchmarks.door import costs as door_benchmark
from benchmarks.door import existence as existence_benchmark
from benchmarks.elsewhere import NoCheckoutError, check
from benchmarks.record import append as append_benchmark
from benchmarks.record import growth as growth_benchmark
from benchmarks.record import guards as guards_benchmark
from benchmarks.record import ledger as ledger_benchmark
from benchmarks.watching import memory as memory_benchmark
from benchmarks.watching.late import TooSlowError
from deploy.stack import StackError

T = TypeVar("T")

_FAILURES: Final = (
    StackError,
    AskedError,
    TooSlowError,
    engine_benchmark.DifferentShapeError,
    ledger_benchmark.NotWholeError,
)
"""The errors of a benchmark that end the command with a message."""

app = typer.Typer(no_args_is_help=True, add_completion=False)
File = Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write everything as JSON.")]
Rounds = Annotated[int, typer.Option("--rounds", min=1, metavar="N", help="Of each side.")]
Seconds = Annotated[float, typer.Option("--seconds", min=0.1, metavar="S", help="Of a round.")]
Checkout = typer.Option("--against", metavar="PATH", help="A checkout of another commit, with its .venv: `before`.")
Tell = Callable[[str], None]


@app.callback()
def benchmarks() -> None:
    """Measure the product. Each benchmark sets up everything that it needs, and removes all of it at its end."""
    os.environ.setdefault("MOTCUA_IDENTITY", "off")  # what it costs to sign is a comparison of its own


@app.command()
def engine(
    *,
    file: File = None,
    concurrency: Annotated[
        list[int] | None,
        typer.Option("--concurrency", min=1, metavar="N", help="Filings at once; may be repeated. 1, 10 and 100."),
    ] = None,
    rounds: Rounds = 5,
    seconds: Seconds = 13,
    against: Annotated[Path | None, Checkout] = None,
) -> None:
    """Compare a whole level-4 filing with its skeleton: the same workflows, empty activities, on Temporal and on DBOS.

    Read the ratios of CPU: every other figure depends on the machine as much as on us. See docs/performance.md.

    Examples: `python -m benchmarks engine --json out.json`, `python -m benchmarks engine --concurrency 10 --rounds 3`,
    `python -m benchmarks engine --against ../before`
    """
    plan = engine_benchmark.Plan(
        tuple(concurrency or engine_benchmark.CONCURRENCY), rounds, seconds, None if against is None else _seen(against)
    )
    measured = _measured(file, lambda tell: engine_benchmark.run(plan, tell))
    report.show(measured, Console(soft_wrap=True, highlight=False))
    _write(file, report.as_json(measured))


@app.command()
def calendar(*, file: File = None) -> None:
    """Compute 100,000 due dates under mixed limits, on one core. One case in four has pauses.

    Example: `python -m benchmarks calendar --json out.json`
    """
    _see_folder(file)
    _show(file, calendar_benchmark.run(), calendar_benchmark.as_json)


@app.command()
def memory(
    *,
    submissions: Annotated[
        int, typer.Option("--submissions", min=memory_benchmark.FEWER, metavar="N", help="Filings that stay open.")
    ] = 10_000,
    file: File = None,
) -> None:
    """Measure the memory of a worker with more open filings than its cache holds, and the cost of a decision there.

    Example: `python -m benchmarks memory --json out.json`
    """
    measured = _measured(file, lambda tell: memory_benchmark.run(submissions, tell))
    _show(file, measured, memory_benchmark.as_json)


@app.command()
def files(
    *,
    many: Annotated[int, typer.Option("--files", min=1, metavar="N", help="Files that are attached.")] = (
        files_benchmark.MANY
    ),
    size: Annotated[float, typer.Option("--size", min=0.001, max=20, metavar="MB", help="Of each.")] = 1,
    file: File = None,
) -> None:
    """Compare storing files in a folder store with copying and hashing them, with the same syncs and concurrency.

    Example: `python -m benchmarks files --json out.json`
    """
    each = round(size * files_benchmark.MEGABYTE)
    with _bar(file, "files, each twice", 2 * many) as (bar, task):
        measured = asyncio.run(files_benchmark.run(many, each, lambda done: bar.advance(task, done)))
    _show(file, measured, files_benchmark.as_json)


@app.command()
def papers(*, file: File = None) -> None:
    """Compare rendering, hashing and storing receipts with only compiling the same template, by one reused compiler.

    A separate line has the cost of a seal, which needs a signer, a time-stamp and answers about revocation.

    Example: `python -m benchmarks papers --json out.json`
    """
    with _bar(file, "receipts, compiles, seals", 2 * papers_benchmark.MANY + papers_benchmark.SEALED) as (bar, task):
        measured = asyncio.run(papers_benchmark.run(lambda done: bar.advance(task, done)))
    _show(file, measured, papers_benchmark.as_json)


@app.command()
def guards(
    *,
    file: File = None,
    rounds: Rounds = 5,
    seconds: Seconds = 8,
    side: Annotated[
        list[str] | None,
        typer.Option("--side", metavar="NAME", help="codec, identity, both; may be repeated. All of them."),
    ] = None,
) -> None:
    """Compare the CPU of submissions, commands and views with and without encryption and identity statements.

    Examples: `python -m benchmarks guards --json out.json`, `python -m benchmarks guards --side both`
    """
    sides = side or guards_benchmark.GUARDED
    if unknown := set(sides) - set(guards_benchmark.GUARDED):
        _fail(f"there is no side {', '.join(sorted(unknown))}", 2)
    plan = guards_benchmark.Plan(rounds, seconds, sides)
    _show(file, _measured(file, lambda tell: guards_benchmark.run(plan, tell)), guards_benchmark.as_json)


@app.command()
def append(*, against: Annotated[Path, Checkout], file: File = None, rounds: Rounds = 20, seconds: Seconds = 2) -> None:
    """Compare the CPU of one filing's appends (a submission and ten events) with another commit's. No engine runs.

    Examples: `python -m benchmarks append --against ../before`
    """
    before = _seen(against)
    measured = _measured(file, lambda tell: append_benchmark.run(before, rounds, seconds, tell))
    _show(file, measured, append_benchmark.as_json)


@app.command()
def ledger(
    *,
    events: Annotated[
        int, typer.Option("--events", min=1_000, metavar="N", help="In the log; a tenth of it is looked at first.")
    ] = ledger_benchmark.EVENTS,
    file: File = None,
) -> None:
    """Measure the verification of a long log, without and with the master key, and the rebuild of the read models.

    Read the seconds of CPU: if 100,000 events take 2 s in all, two cores together verify 100,000 events a second.

    Examples: `python -m benchmarks ledger --json out.json`, `python -m benchmarks ledger --events 100000`
    """
    measured = _measured(file, lambda tell: ledger_benchmark.run(events, tell))
    _show(file, measured, ledger_benchmark.as_json)


@app.command()
def growth(
    *,
    events: Annotated[
        list[int] | None,
        typer.Option("--events", min=1_000, metavar="N", help="In the log; may be repeated. 1, 3 and 10 million."),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", exists=True, file_okay=False, help="For the database: 2 kB for an event."),
    ] = None,
    file: File = None,
) -> None:
    """Measure appends, reads, checks and sizes of a record at several lengths. See docs/capacity.md.

    Examples: `python -m benchmarks growth --json out.json`, `python -m benchmarks growth --events 99000 --folder /data`
    """
    lengths = events or growth_benchmark.EVENTS
    measured = _measured(file, lambda tell: growth_benchmark.run(lengths, folder, tell))
    _show(file, measured, growth_benchmark.as_json)


@app.command()
def door(*, file: File = None, rounds: Rounds = 5, seconds: Seconds = 5) -> None:
    """Compare calls over HTTP with the client kit's, and with constant answers of the same size by the same process.

    Read the ratios of CPU: for a submission, the CPU of all processes; for a question, the CPU of the door's process.

    Example: `python -m benchmarks door --json out.json`
    """
    measured = _measured(file, lambda tell: door_benchmark.run(rounds, seconds, tell))
    _show(file, measured, door_benchmark.as_json)


@app.command()
def existence(
    *,
    pairs: Annotated[
        int, typer.Option("--pairs", min=10, metavar="N", help="Of each kind of request.")
    ] = existence_benchmark.PAIRS,
    file: File = None,
) -> None:
    """Measure how often a stranger guesses from response times whether a filing exists. Other load hides the effect.

    Example: `python -m benchmarks existence --json out.json`
    """
    measured = _measured(file, lambda tell: existence_benchmark.run(pairs, tell))
    _show(file, measured, existence_benchmark.as_json)


def _measured(file: Path | None, measure: Callable[[Tell], Coroutine[Any, Any, T]]) -> T:
    _see_folder(file)
    try:
        return asyncio.run(measure(Console(stderr=True, soft_wrap=True, highlight=False).print))
    except _FAILURES as error:
        _fail(str(error), 1)


@contextmanager
def _bar(file: Path | None, what: str, total: int) -> Iterator[tuple[Progress, TaskID]]:
    _see_folder(file)
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield bar, bar.add_task(what, total=total)


def _show(file: Path | None, measured: T, as_json: Callable[[T], bytes]) -> None:
    typer.echo(str(measured))
    _write(file, as_json(measured))


def _write(file: Path | None, content: bytes) -> None:
    if file is not None:
        file.write_bytes(content)


def _see_folder(file: Path | None) -> None:
    if file is not None and not file.absolute().parent.is_dir():
        _fail(f"there is no folder for {file}", 2)


def _seen(checkout: Path) -> Path:
    try:
        return check(checkout)
    except NoCheckoutError as error:
        _fail(str(error), 2)


def _fail(message: str, code: int) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)


if __name__ == "__main__":
    app(prog_name="python -m benchmarks")
