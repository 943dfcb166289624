"""`motcua versions`: the platform's builds, the number of workflows on each, and their move to the next build."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from itertools import count
from typing import Annotated, Final, TypeVar

import asyncpg
import typer
from temporalio.client import Client
from temporalio.service import RPCError

from activities.ledger.database import Pool
from activities.ledger.vault import Vault
from console.database import APPLICATION, TIMEOUT, address, answered, master_key
from motcua.cli.answer import Column, columns, progress, say, show_all, tell
from motcua.cli.help import WordedGroup
from motcua.cli.language import with_language
from motcua.cli.options import AsJson
from motcua.cli.running import Exit, exit_if, fail, print_json, use_stack_here
from motcua.connection import connect
from motcua.errors import MotcuaError
from operations.rebuilding.build_check import BuildCheck, Checked
from recovery.builds import Builds
from recovery.histories import each
from schemas.translate import said

app = typer.Typer(name="versions", cls=WordedGroup, invoke_without_command=True, rich_markup_mode="markdown")

T = TypeVar("T")
_BUILDS: Final = columns("build current workers holds", Column("since", lambda one: one.promoted_at or one.started_at))
_CHECKED: Final = columns("stream differs problem")
BuildId = Annotated[str, typer.Argument(metavar="BUILD", help="option.versions.build")]

_SHOWN: Final = 20


@app.callback()
@with_language
def versions(context: typer.Context, *, as_json: AsJson = False) -> None:
    if context.invoked_subcommand is not None:
        return
    show_all(_ask(lambda builds: builds.all()), _BUILDS, as_json=as_json)


@app.command()
def promote(build: BuildId, *, as_json: AsJson = False) -> None:
    _ask(lambda builds: builds.promote(build))
    tell(said("command.versions.promoted", build=build), {"current": build}, as_json=as_json, style="green")


@app.command()
def drain(build: BuildId, *, as_json: AsJson = False) -> None:
    with progress(what=said("label.workflows")) as moved:
        stayed = _ask(lambda builds: builds.drain(build, lambda left, still_there: moved(left, left + still_there)))
    if as_json:
        print_json({"build": build, "stayed": stayed})
    elif not stayed:
        say(said("command.versions.drained", build=build), "green")
    if stayed:
        fail(said("refused.versions.stayed", stayed=stayed, build=build), Exit.REFUSED)


@app.command()
def check(
    *,
    sample: Annotated[int, typer.Option("--sample", min=1, metavar="N", help="option.versions.sample")] = 500,
    replay: Annotated[bool, typer.Option("--replay", help="option.versions.replay")] = False,
    as_json: AsJson = False,
) -> None:
    master = master_key()

    async def look(pool: Pool, temporal: Client) -> list[Checked]:
        check = BuildCheck(pool, temporal, Vault(master), replay=replay)
        streams = await check.sample(sample, f"{datetime.now(UTC):%Y%m%d%H%M%S}")
        with progress(what=said("label.workflows")) as moved:
            done = count(1)

            async def one(stream: asyncpg.Record) -> Checked:
                found = await check.check(stream)
                moved(next(done), len(streams))
                return found

            return await each(one, streams)

    found = _connected(look)
    problems = [one for one in found if one.problem]
    differing = [one for one in found if one.differs]
    counted = {"checked": len(found), "snapshots": sum(one.snapshot for one in found)}
    data = counted | {"problems": problems, "differs": differing}
    counts = {"checked": len(found), "problems": len(problems), "differing": len(differing)}
    shown = [*problems[:_SHOWN], *differing[:_SHOWN]]
    show_all(shown, _CHECKED, said("command.versions.checked", **counts), as_json=as_json, data=data)
    exit_if(problems or differing)


def _ask(work: Callable[[Builds], Awaitable[T]]) -> T:
    return _connected(lambda pool, temporal: work(Builds(pool, temporal)))


def _connected(work: Callable[[Pool, Client], Awaitable[T]]) -> T:
    """Returns the result of `work`, called with the record and Temporal. An error ends the command."""
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
