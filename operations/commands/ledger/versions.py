"""`motcua versions`: the platform's builds, the workflows on each, moves between builds, and a check of this build."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Annotated, Final, TypeVar

import asyncpg
import typer
from pydantic import ValidationError
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError
from temporalio.worker import Replayer

from activities.ledger.database import Connection, Pool
from activities.ledger.vault import Vault
from console.database import APPLICATION, TIMEOUT, address, answered, master_key
from motcua.calls.retry import MayBeGone
from motcua.cli.answer import Column, columns, progress, say, show_all, tell
from motcua.cli.help import WordedGroup
from motcua.cli.language import with_language
from motcua.cli.options import AsJson
from motcua.cli.running import Exit, exit_if, fail, print_json, use_stack_here
from motcua.connection import connect
from motcua.errors import MotcuaError, SettingsError
from motcua.payloads.converter import UnopenedError
from operations.rebuilding import read_models, write_rows
from recovery.behind import given_at_start
from recovery.builds import Builds
from recovery.histories import each
from rules.stream_kind import Kinds
from rules.streams import KINDS
from schemas.stream.snapshots import Snapshot
from schemas.translate import said
from views import primary
from views.log import Log, UnfoldableError
from workers.payload_visitor_patch import walk_once
from workers.wiring import WORKFLOWS
from workflows.stream.starting import load_state

_SAMPLE: Final = """
select stream, filing_id, agency, head_seq from stream
where head_seq > 0 and filing_id is not null and not starts_with(stream, 'restarts:')
    and hashtext(stream || $1) % $2 = 0
order by stream limit $3
"""
_COUNT: Final = """
select count(*) from stream where head_seq > 0 and filing_id is not null and not starts_with(stream, 'restarts:')
"""


@dataclass(frozen=True)
class Checked:
    """The result of reading one stream with this build.

    `problem`: why this build can't continue the stream, None if it can; `differs`: the read models in which this build
    would write other rows; `snapshot`: whether the stream's run began with a snapshot, which was then read too.
    """

    stream: str
    problem: str | None = None
    differs: tuple[str, ...] = ()
    snapshot: bool = False


class BuildCheck:
    """Reads streams of other builds with the code of this build."""

    def __init__(self, pool: Pool, temporal: Client, vault: Vault, kinds: Kinds = KINDS, *, replay: bool) -> None:
        self._pool = pool
        self._temporal = temporal
        self._vault = vault
        self._kinds = kinds
        self._replayer: Replayer | None = None
        if replay:
            walk_once()
            data = temporal.data_converter
            self._replayer = Replayer(workflows=WORKFLOWS, namespace=temporal.namespace, data_converter=data)

    async def sample(self, size: int, salt: str) -> list[asyncpg.Record]:
        """Returns a sample of at most `size` of all streams; another `salt` selects other streams."""
        every = max(int(await self._pool.fetchval(_COUNT)) // size, 1)
        return await self._pool.fetch(_SAMPLE, salt, every, size)

    async def check(self, stream: asyncpg.Record) -> Checked:
        """Reads one stream. Raises `RPCError` and asyncpg's errors."""
        name = stream["stream"]
        try:
            differs = await self._compare(stream)
            if await self._was_refused(name):
                return Checked(name, differs=differs)  # a refused start by an outsider, which failed at once
            snapshot = await self._snapshot(name)
            if self._replayer is not None:
                await self._replay(self._replayer, name)
        except UnopenedError as error:
            return Checked(name, problem=f"{name}: it can't be opened: {error}")
        except (UnfoldableError, _UnreadableError) as error:
            return Checked(name, problem=str(error))
        return Checked(name, differs=differs, snapshot=snapshot)

    async def _compare(self, stream: asyncpg.Record) -> tuple[str, ...]:
        """Returns the read models in which this build would write other rows: writes them, compares, and rolls back."""
        async with self._pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                await connection.execute("select from stream where stream = $1 for update", stream["stream"])
                head = await connection.fetchval("select head_seq from stream where stream = $1", stream["stream"])
                log = Log(connection, self._vault.find, self._kinds)
                before = await self._rows(connection, stream)
                events = await log.events(stream["stream"], stream["filing_id"], head)
                await write_rows(log, self._vault, [(stream, events)])
                after = await self._rows(connection, stream)
            finally:
                await transaction.rollback()
        return tuple(table for table in before if before[table] != after[table])

    async def _rows(self, connection: Connection, stream: asyncpg.Record) -> dict[str, list[str]]:
        own = self._kinds.of(stream["stream"]).table
        others = {table.name for table in self._kinds.tables.values()} - ({own.name} if own else set())
        found = {}
        for table, key in read_models(self._kinds).items():
            if table not in others:
                column = "stream" if "stream" in key else "filing_id"
                rows = await connection.fetch(_ROWS.format(table=table, column=column), stream[column])
                found[table] = [row["row"] for row in rows]
        return found

    async def _was_refused(self, stream: str) -> bool:
        with MayBeGone():
            description = await self._temporal.get_workflow_handle(stream).describe()
            return description.status is WorkflowExecutionStatus.FAILED
        return False

    async def _snapshot(self, stream: str) -> bool:
        """Loads the snapshot that the previous run passed to the current run. Returns False if it passed none."""
        events = self._temporal.get_workflow_handle(stream).fetch_history_events(page_size=1)
        raw = None
        with MayBeGone():
            raw = (await given_at_start(self._temporal, stream, await anext(events))).get("snapshot")
        if raw is None:
            return False
        kind = self._kinds.of(stream)
        try:
            snapshot = Snapshot.model_validate(raw)
            load_state(kind, snapshot)
            kind.memory.model_validate(snapshot.memory)
        except (ValidationError, RuntimeError) as error:
            raise _UnreadableError(f"{stream}: its snapshot can't be read: {type(error).__name__}") from None
        return True

    async def _replay(self, replayer: Replayer, stream: str) -> None:
        with MayBeGone():
            history = await self._temporal.get_workflow_handle(stream).fetch_history()
            result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
            if result.replay_failure is not None:
                raise _UnreadableError(f"{stream}: its history can't be replayed")


class _UnreadableError(Exception):
    """This build can't continue a stream; the message is the reason."""


_ROWS: Final = "select to_jsonb(t)::text as row from {table} t where {column} = $1 order by 1"


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
        build = BuildCheck(pool, temporal, Vault(master), replay=replay)
        streams = await build.sample(sample, f"{datetime.now(UTC):%Y%m%d%H%M%S}")
        with progress(what=said("label.workflows")) as moved:
            done = count(1)

            async def one(stream: asyncpg.Record) -> Checked:
                found = await build.check(stream)
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
    """Returns the result of `work`, called with connections to the record and Temporal. Errors end the command."""
    use_stack_here()
    dsn = address(APPLICATION)

    async def within() -> T:
        temporal = await connect()
        async with primary.create_pool(dsn, min_size=0, timeout=TIMEOUT, command_timeout=TIMEOUT) as pool:
            return await work(pool, temporal)

    try:
        return answered(within)
    except MotcuaError as error:
        fail(str(error), Exit.USAGE if isinstance(error, SettingsError) else Exit.REFUSED)
    except RPCError as error:
        fail(f"Temporal: {error.status.name}", Exit.UNREACHABLE)
