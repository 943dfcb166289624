"""`motcua filing`, `filing restart` and `motcua events`: a filing in the record, by its dossier code or its id."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

import typer
from temporalio.service import RPCError

from activities.ledger.vault import Vault
from console.database import APPLICATION, address, answered, ask, master_key
from motcua.cli.answer import Column, Marked, columns, dong, lines, show_all, show_one
from motcua.cli.help import WordedGroup, group
from motcua.cli.language import in_words
from motcua.cli.options import AsJson, MaybeFiling, WhichFiling
from motcua.cli.running import Exit, exit_if, fail, note, refusing, there, use_stack_here
from motcua.cli.showing import work_column
from motcua.client import FilingClient
from motcua.connection import configured_address
from motcua.errors import MotcuaError
from motcua.machine_work import MachineWork
from operations.restarting import counts_of, restart_streams, still_wrong
from rules.streams import KINDS
from schemas.filing.state import Filing
from schemas.ids import filing_workflow
from schemas.reading import FilingRecord, LoggedEvent
from schemas.translate import said
from views.auditor import events as events_of
from views.log import Connection, Log, LoggedStream, UnfoldableError
from views.operator import find, name_of

T = TypeVar("T")

app = typer.Typer()


class _ByCode(WordedGroup):
    """A command group that shows a filing if the first argument is none of its commands: `motcua filing CODE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Inserts the hidden command `show` before a dossier code or id."""
        words = [arg for arg in args if not arg.startswith("-")]
        if words and words[0] not in self.commands:
            args = ["show", *args]
        return super().parse_args(ctx, args)


filings = group("filing", _ByCode)


@filings.command("show", hidden=True)
def filing(which: WhichFiling, *, as_json: AsJson = False) -> None:
    record = ask(lambda connection: known_filing(connection, which))
    work = _machine_work(record)
    data = record.model_dump(mode="json") | {"machine_work": work}
    show_one(record, (*_FILING, work_column(work)), as_json=as_json, data=data)


def _machine_work(record: FilingRecord) -> list[MachineWork] | None:
    """Returns the machine work that an open filing awaits; None if Temporal does not answer."""
    if record.closed_at is not None:
        return []
    use_stack_here()

    async def look() -> list[MachineWork]:
        async with await FilingClient.connect(patience=2) as client:
            return await client.machine_work(record.filing_id)

    try:
        return asyncio.run(look())
    except (MotcuaError, RPCError, RuntimeError):
        return None


@app.command()
def events(which: WhichFiling, *, as_json: AsJson = False) -> None:
    async def look(connection: Connection) -> tuple[str, list[LoggedEvent]]:
        record = await known_filing(connection, which)
        return record.code, await events_of(connection, record.filing_id)

    code, logged = ask(look)
    show_timeline(code, logged, as_json=as_json)


def show_timeline(code: str, logged: list[LoggedEvent], *, as_json: bool = False) -> None:
    """Prints the events of a filing."""
    title = said("command.events.timeline", code=code)
    data = [event.model_dump(mode="json") for event in logged]
    show_all(logged, _TIMELINE, as_json=as_json, data=data, title=title)


def id_of(which: str) -> UUID:
    """Returns the id of a filing; ends the command if the filing is unknown."""
    return ask(lambda connection: known_filing(connection, which)).filing_id


def unsealed(work: Callable[[Log], Awaitable[T]]) -> T:
    """Returns the result of `work`, called with a log that decrypts. A stream that can't be folded ends the command."""
    master = master_key()
    with refusing(UnfoldableError, Exit.REFUSED, said("refused.filing_unreadable")):
        return ask(lambda connection: work(Log(connection, Vault(master).find, KINDS)))


def read(which: str) -> tuple[FilingRecord, LoggedStream, Filing]:
    """Returns a filing's row, decrypted events and state; ends the command if there is no such filing."""

    async def look(log: Log) -> tuple[FilingRecord, LoggedStream, Filing]:
        record = await known_filing(log.connection, which)
        told = await log.read(filing_workflow(record.filing_id))
        return record, told, told.state

    return unsealed(look)


async def known_filing(connection: Connection, which: str) -> FilingRecord:
    """Returns the filing; ends the command if it is unknown."""
    return there(await find(connection, which), said("refused.no_filing", filing=which))


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@filings.command()
def restart(
    which: MaybeFiling = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="option.restart.force")] = False,
    all_missing: Annotated[bool, typer.Option("--all-missing", help="option.restart.all_missing")] = False,
    all_behind: Annotated[bool, typer.Option("--all-behind", help="option.restart.all_behind")] = False,
    as_json: AsJson = False,
) -> None:
    if [which is not None, all_missing, all_behind].count(True) != 1 or (force and which is None):
        fail(said("refused.restart.which"), Exit.USAGE)
    use_stack_here()
    dsn = address(APPLICATION)
    with refusing(MotcuaError, Exit.UNREACHABLE, said("refused.temporal", where=configured_address())):
        row, tallies = answered(lambda: restart_streams(dsn, which, force=force, all_behind=all_behind))
    data = {f"{kind.removesuffix('s')}s": counts_of(tally) for kind, tally in tallies.items()}
    rows = [{"kind": (KINDS[kind].title or kind), **counts_of(tally)} for kind, tally in tallies.items()]
    show_all(rows, _TALLY, as_json=as_json, data=data)
    if (wrong := list(still_wrong(tallies))) and not as_json:
        show_all(wrong, columns("stream:0 problem:1"))
    failed = any(tally.failed or tally.wrong for tally in tallies.values())
    if row is not None and not (failed or any(tally.restarted for tally in tallies.values())):
        _nothing_to_do(row)
    exit_if(failed)


def _nothing_to_do(row: FilingRecord) -> None:
    if row.closed_at is not None:
        fail(said("refused.restart.ended", filing=row.code, outcome=row.outcome), Exit.REFUSED)
    note(said("refused.restart.runs", filing=row.code))


_FILING: Final = columns(
    "code id:filing_id",
    Column("status", lambda record: f"{record.status} {in_words(record.status_name)}"),
    "stage|stage",
    Column("procedure", lambda record: f"{record.procedure}@{record.version}"),
    "level channel|channel result_channel|channel agency submitted:submitted_at accepted:accepted_at",
    "due:due_at",
    Column("overdue", lambda record: Marked(record.overdue, "red")),
    "ended:closed_at outcome",
    Column(
        "payments",
        lambda record: lines(f"{one.number}: {in_words(dong(one.amount))}, {one.state}" for one in record.payments),
    ),
    Column(
        "parcels",
        lambda record: lines(f"{one.number}: {one.state} {one.waybill or ''}".rstrip() for one in record.parcels),
    ),
)
_TIMELINE: Final = columns(
    "when:occurred_at",
    Column("stream", lambda event: name_of(event.stream)),
    "n:seq event:kind",
    Column("who", lambda event: f"{event.actor['role']} {event.actor['subject']}"),
    Column("body", lambda event: ", ".join(f"{name}={_plain(value)}" for name, value in event.body.items())),
)
_TALLY: Final = columns(
    "kind unfinished running missing behind_by_seq behind_by_epoch restarted",
    Column("still_wrong", lambda row: len(row["still_wrong"])),
)
