"""`motcua versions`: the builds of the platform, what each holds, and how filings leave one for the next."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeAlias, TypeVar

import asyncpg
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from temporalio.client import Client
from temporalio.service import RPCError

from activities.ledger.vault import Vault
from motcua.cli.answer import Column, columns, say, show_all
from motcua.cli.language import with_language
from motcua.cli.running import AsJson, Exit, fail, print_json, use_stack_here
from motcua.connection import connect
from motcua.errors import MotcuaError
from operations.addresses import APPLICATION
from operations.build_check import BuildCheck, Checked
from operations.commands.database import TIMEOUT, address, answered
from operations.commands.help_words import GROUPS
from operations.commands.masters import master_key
from recovery.builds import NONE, Build, Builds
from recovery.histories import each
from schemas.saying import said

app = typer.Typer(
    name="versions",
    help=GROUPS["versions"],
    invoke_without_command=True,
    rich_markup_mode="markdown",
)

T = TypeVar("T")
_BUILDS: Final = columns(
    "build current workers holds",
    Column("since", lambda one: one.promoted_at or one.started_at),
)
_CHECKED: Final = columns("stream differs problem")
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
BuildId = Annotated[str, typer.Argument(metavar="BUILD", help=f"Its id; `{NONE}`: what no build holds.")]

_COLUMNS: Final = (TextColumn("Quy trình / Workflows"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
_SHOWN: Final = 20


@app.callback()
@with_language
def versions(context: typer.Context, *, as_json: AsJson = False) -> None:
    """List the builds: which one takes new filings, how many workers each has, and how many workflows it holds.

    A worker's build is a digest of its code, unless MOTCUA_BUILD names it. A filing goes on with the build that began
    it until it is handed over: `versions promote`, then `versions drain` of the build before (docs/operations.md).

    Examples: `motcua versions`, `motcua versions --json`
    """
    if context.invoked_subcommand is not None:
        return
    found = _ask(lambda builds: builds.all())
    show_all(found, _BUILDS, as_json=as_json, data=[_row(one) for one in found])


@app.command()
def promote(build: BuildId, *, as_json: AsJson = False) -> None:
    """Hand everything to a build: new filings at once, the others as they come to their next event.

    A worker of it must run. To go back, promote the build before: what that one can't read stays where it is.

    Example: `motcua versions promote 3c49f1b2ecb9`
    """
    _ask(lambda builds: builds.promote(build))
    if as_json:
        print_json({"current": build})
    else:
        say(said("command.versions.promoted", build=build), "green")


@app.command()
def drain(build: BuildId, *, as_json: AsJson = False) -> None:
    """Have all that a build holds go on with the current one, the dormant too; then its workers may be stopped.

    What runs is woken and moves by itself. A build without workers has nobody to wake: its filings are started again
    from the log. Safe to repeat; what was ended halfway goes on where it stopped. Exit code 1: some can't move, since
    the current build does not read what they would hand on.

    Examples: `motcua versions drain 3c49f1b2ecb9`, `motcua versions drain none --json`
    """
    stayed = _ask(lambda builds: _draining(builds, build))
    if as_json:
        print_json({"build": build, "stayed": stayed})
    elif not stayed:
        say(said("command.versions.drained", build=build), "green")
    if stayed:
        fail(f"còn {stayed} chưa chuyển được / {stayed} did not leave {build}", Exit.REFUSED)


@app.command()
def check(
    *,
    sample: Annotated[int, typer.Option("--sample", min=1, metavar="N", help="So many streams.")] = 500,
    replay: Annotated[
        bool,
        typer.Option("--replay", help="Replay histories too: for a build that changes no flow and no clock."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Try whether the code of this checkout can go on with what is there, before a worker of it runs. Changes nothing.

    Of a sample of filings, payments and parcels the log is folded, and what it says of state, tasks and dates is
    compared with the read models; snapshots are loaded. Exit code 1: something can't be read, or would read otherwise.

    Examples: `motcua versions check`, `motcua versions check --sample 5000 --json`
    """
    master = master_key()

    async def look(pool: Pool, temporal: Client) -> list[Checked]:
        return await _checking(BuildCheck(pool, temporal, Vault(master), replay=replay), sample)

    found = _connected(look)
    problems = [one for one in found if one.problem]
    differing = [one for one in found if one.differs]
    if as_json:
        told = {"problems": [asdict(one) for one in problems], "differs": [asdict(one) for one in differing]}
        print_json({"checked": len(found), "snapshots": sum(one.snapshot for one in found)} | told)
    else:
        shown = [*problems[:_SHOWN], *differing[:_SHOWN]]
        counts = {"problems": len(problems), "differing": len(differing)}
        show_all(shown, _CHECKED, said("command.versions.checked", checked=len(found), **counts))
    if problems or differing:
        raise typer.Exit(Exit.REFUSED)


async def _draining(builds: Builds, build: str) -> int:
    with _progress() as bar:
        task = bar.add_task("", total=None)

        def tell(left: int, still_there: int) -> None:
            bar.update(task, completed=left, total=left + still_there)

        return await builds.drain(build, tell)


async def _checking(check: BuildCheck, size: int) -> list[Checked]:
    streams = await check.sample(size, f"{datetime.now(UTC):%Y%m%d%H%M%S}")
    with _progress() as bar:
        task = bar.add_task("", total=len(streams))

        async def one(stream: asyncpg.Record) -> Checked:
            found = await check.check(stream)
            bar.advance(task)
            return found

        return await each(one, streams)


def _progress() -> Progress:
    return Progress(*_COLUMNS, console=Console(stderr=True), transient=True)


def _ask(work: Callable[[Builds], Awaitable[T]]) -> T:
    return _connected(lambda pool, temporal: work(Builds(pool, temporal)))


def _connected(work: Callable[[Pool, Client], Awaitable[T]]) -> T:
    """What `work` returns with the record and Temporal, or the end of the command."""
    use_stack_here()
    dsn = address(APPLICATION)

    async def within() -> T:
        temporal = await connect()
        async with asyncpg.create_pool(dsn, min_size=0, timeout=TIMEOUT, command_timeout=TIMEOUT) as pool:
            return await work(pool, temporal)

    try:
        return answered(within)
    except MotcuaError as error:
        fail(str(error), Exit.REFUSED)
    except RPCError as error:
        fail(f"Temporal: {error.status.name}", Exit.UNREACHABLE)


def _row(build: Build) -> dict[str, Any]:
    row = asdict(build)
    return row | {name: row[name] and row[name].isoformat() for name in ("started_at", "promoted_at")}
