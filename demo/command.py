"""`motcua demo`: plays every kind of filing and every role. Exits with 0 only if all filings end as expected."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer
import yaml
from pydantic import ValidationError
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from console.database import LOST
from demo import papers, registers, report, running
from demo.progress import FEW, Telling
from demo.record import Record
from demo.scenario import SCENARIOS, Scenario, load, mix
from deploy.commands.up import reason, say
from deploy.stack import Stack, StackError
from deploy.stack.registering import let_speak, publisher
from motcua.cli.language import in_words
from motcua.cli.running import Exit, exit_if, fail
from motcua.errors import MotcuaError
from operations.commands.board import wide
from operations.commands.ledger.record import show_timeline
from schemas.errors import RefusalError
from schemas.translate import said

T = TypeVar("T")

STOPPED: Final = 130
"""The exit code of a command that was stopped by Ctrl-C."""

app = typer.Typer()


@app.command()
def demo(  # noqa: PLR0913 -- each is an option, by name
    *,
    filings: Annotated[int | None, typer.Option("--filings", min=1, metavar="N", help="option.demo.filings")] = None,
    file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="option.demo.json")] = None,
    files: Annotated[
        Path | None,
        typer.Option("--files", metavar="DIR", file_okay=False, help="option.demo.files"),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="option.demo.seed")] = 1,
    concurrency: Annotated[int, typer.Option("--concurrency", min=1, metavar="C", help="option.demo.concurrency")] = 20,
    keep: Annotated[bool, typer.Option("--keep", help="option.demo.keep")] = False,
    scenarios: Annotated[Path, typer.Option("--scenarios", metavar="FILE", help="option.demo.scenarios")] = SCENARIOS,
) -> None:
    chosen = mix(_loaded(scenarios), filings, seed)
    if file is not None and not file.absolute().parent.is_dir():
        fail(said("demo.no_folder"), Exit.USAGE, detail=file)
    try:
        ok = _until_signalled(_demo(chosen, concurrency, file, files, keep=keep))
    except (StackError, TimeoutError, MotcuaError, RefusalError) as error:
        fail(said("demo.not_run"), Exit.REFUSED, detail=reason(error))
    except papers.NotLeftError as error:
        fail(said("demo.papers_not_left"), Exit.REFUSED, detail=error)
    except LOST as error:
        fail(said("stack.database_lost"), Exit.UNREACHABLE, detail=type(error).__name__)
    exit_if(not ok)


async def _demo(
    chosen: Sequence[Scenario], concurrency: int, file: Path | None, files: Path | None, *, keep: bool
) -> bool:
    console = wide()

    async def whole() -> bool:
        outcome = await _run(stack, chosen, concurrency, console)
        await _show(stack, outcome, console)
        if file is not None:
            _write(file, outcome)
        if files is not None:
            await _leave(stack, outcome, files, console)
        return outcome.ok

    async with Stack(progress=say) as stack:
        if stack.attached:
            return await whole()
        return await _supervised(stack, whole(), keep=keep)


def _write(file: Path, outcome: running.Outcome) -> None:
    file.write_text(json.dumps(report.document(outcome), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


async def _run(stack: Stack, chosen: Sequence[Scenario], concurrency: int, console: Console) -> running.Outcome:
    versions = await running.publish(stack.env["MOTCUA_OWNER_DATABASE_URL"], publisher(stack.env), chosen)
    await let_speak(stack.env)
    with Telling(console, len(chosen)) as telling:
        run = await running.play(stack.env, chosen, versions, concurrency, telling.ended)
    return await running.judge(stack.env, run)


async def _show(stack: Stack, outcome: running.Outcome, console: Console) -> None:
    if len(outcome.verdicts) <= FEW:
        console.print(report.table(outcome))
    told = [verdict for verdict in outcome.verdicts if verdict.recorded is not None]
    if told:
        longest = max(told, key=lambda verdict: len(verdict.recorded.path) if verdict.recorded else 0)
        async with Record.opened(stack.env) as record:
            found = await record.events(longest.played)
        show_timeline(str(longest.played.code), found)
    for line in report.summary_lines(outcome):
        console.print(line)


async def _leave(stack: Stack, outcome: running.Outcome, files: Path, console: Console) -> None:
    with Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=console) as bar:
        task = bar.add_task(in_words(said("demo.papers")), total=len(outcome.verdicts))
        await papers.leave(stack.env, outcome.verdicts, files, lambda: bar.advance(task))
        await registers.leave_registers(stack.env, outcome.verdicts, files / "register")


async def _supervised(stack: Stack, work: Coroutine[Any, Any, T], *, keep: bool) -> T:
    """Returns the result of `work`; fails if our stack's supervision fails first. `keep`: whether to wait for Ctrl-C.

    The watching task is cancelled only at the end, because this ends the supervision of the stack.
    """
    watching = asyncio.create_task(stack.watch())
    working = asyncio.create_task(work)
    try:
        await asyncio.wait({watching, working}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            await watching
        result = await working
        if keep:
            say(in_words(said("demo.stays_up")))
            await _stopped(watching)
        return result
    finally:
        for task in (working, watching):
            task.cancel()
        await asyncio.gather(working, watching, return_exceptions=True)


async def _stopped(watching: asyncio.Task[None]) -> None:
    """Waits for Ctrl-C, which ends the kept stack but does not change the exit code."""
    with contextlib.suppress(asyncio.CancelledError):
        await watching


def _until_signalled(work: Coroutine[Any, Any, T]) -> T:
    """Returns the result of `work`. The first SIGINT or SIGTERM cancels it; later signals do not disturb the stop."""

    async def within() -> T:
        task = asyncio.create_task(work)
        stopping = asyncio.Event()

        def on_signal() -> None:
            if not stopping.is_set():
                stopping.set()
                task.cancel()

        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, on_signal)
        try:
            return await task
        except asyncio.CancelledError:
            raise typer.Exit(STOPPED) from None

    return asyncio.run(within())


def _loaded(file: Path) -> tuple[Scenario, ...]:
    try:
        return load(file)
    except (OSError, yaml.YAMLError) as error:
        fail(said("cli.file_unreadable"), Exit.USAGE, detail=f"{file}: {error}")
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False)[0]
        fail(f"{file}: {'.'.join(map(str, wrong['loc']))}: {wrong['msg']}", Exit.USAGE)
