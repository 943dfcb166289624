"""`motcua filing` and `motcua events`: a filing in the record, by its dossier code or its id."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any, Final

import typer
from temporalio.service import RPCError
from typer.core import TyperGroup

from motcua.cli.answer import VIETNAM, Column, Marked, columns, dong, lines, show_all, show_one
from motcua.cli.language import in_words
from motcua.cli.running import AsJson, Exit, fail, use_stack_here
from motcua.cli.showing import work_column, work_rows
from motcua.client import FilingClient
from motcua.errors import MotcuaError
from motcua.machine_work import MachineWork
from operations.commands.database import Connection, ask
from operations.commands.help_words import GROUPS
from schemas.reading import FilingRecord, LoggedEvent, ParcelRecord, PaymentRecord
from schemas.saying import said
from views.auditor import events as events_of
from views.operator import find, name_of

Which = Annotated[str, typer.Argument(metavar="CODE|FILING_ID", help="The dossier code (mã hồ sơ) or the filing's id.")]

TEMPORAL_PATIENCE: Final = 2.0
"""Seconds, after which a filing is shown without what Temporal knows."""

app = typer.Typer()


class _ByCode(TyperGroup):
    """What is no command of the group is a filing to be shown: `motcua filing CODE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the hidden command in front of a code."""
        words = [arg for arg in args if not arg.startswith("-")]
        if words and words[0] not in self.commands:
            args = ["show", *args]
        return super().parse_args(ctx, args)


filings = typer.Typer(
    name="filing",
    cls=_ByCode,
    help=GROUPS["filing"],
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


@filings.command("show", hidden=True)
def filing(which: Which, *, as_json: AsJson = False) -> None:
    """Look a filing up in the record: status, stage, deadline, its payments and parcels; what its back office owes it.

    Examples: `motcua filing H01.12-20261125-0000001`, `motcua filing H01.12-20261125-0000001 --json`
    """
    record = ask(lambda connection: found(connection, which))
    work = _machine_work(record)
    data = record.model_dump(mode="json") | {"machine_work": None if work is None else work_rows(work)}
    show_one(record, (*_FILING, work_column(work)), as_json=as_json, data=data)


def _machine_work(record: FilingRecord) -> list[MachineWork] | None:
    """What an open filing waits for from its agency's back office; None if Temporal does not say."""
    if record.closed_at is not None:
        return []
    use_stack_here()

    async def look() -> list[MachineWork]:
        async with await FilingClient.connect(patience=TEMPORAL_PATIENCE) as client:
            return await client.machine_work(record.filing_id)

    try:
        return asyncio.run(look())
    except (MotcuaError, RPCError, RuntimeError):
        return None


@app.command()
def events(which: Which, *, as_json: AsJson = False) -> None:
    """Print the timeline of a filing, its payments and parcels, from the event log. Sealed parts are not shown.

    Examples: `motcua events H01.12-20261125-0000001`, `motcua events H01.12-20261125-0000001 --json`
    """
    code, logged = ask(lambda connection: _events(connection, which))
    show_timeline(code, logged, as_json=as_json)


def show_timeline(code: str, logged: list[LoggedEvent], *, as_json: bool = False) -> None:
    """Print the events of a filing."""
    title = said("command.events.timeline", code=code)
    data = [event.model_dump(mode="json") for event in logged]
    show_all(logged, _TIMELINE, as_json=as_json, data=data, title=title)


async def found(connection: Connection, which: str) -> FilingRecord:
    """The filing, or the end of the command."""
    record = await find(connection, which)
    if record is None:
        fail(f"không có hồ sơ này / the record has no filing {which}", Exit.NOT_AVAILABLE)
    return record


async def _events(connection: Connection, which: str) -> tuple[str, list[LoggedEvent]]:
    record = await found(connection, which)
    return record.code, await events_of(connection, record.filing_id)


_FILING: Final = columns(
    "code id:filing_id",
    Column("status", lambda record: f"{record.status} {in_words(record.status_name)}"),
    "stage|stage",
    Column("procedure", lambda record: f"{record.procedure}@{record.version}"),
    "level channel|channel result_channel|channel agency submitted:submitted_at accepted:accepted_at",
    "due:due_at",
    Column("overdue", lambda record: Marked(record.overdue, "red")),
    "ended:closed_at outcome",
    Column("payments", lambda record: lines(map(_payment, record.payments))),
    Column("parcels", lambda record: lines(map(_parcel, record.parcels))),
)
_TIMELINE: Final = columns(
    Column("when", lambda event: f"{event.occurred_at.astimezone(VIETNAM):%H:%M:%S.%f}"[:-3]),
    Column("stream", lambda event: name_of(event.stream)),
    "n:seq event:kind",
    Column("who", lambda event: f"{event.actor['role']} {event.actor['subject']}"),
    Column("body", lambda event: ", ".join(f"{name}={_plain(value)}" for name, value in event.body.items())),
)


def _payment(one: PaymentRecord) -> str:
    return f"{one.number}: {in_words(dong(one.amount))}, {one.state}"


def _parcel(one: ParcelRecord) -> str:
    return f"{one.number}: {one.state} {one.waybill or ''}".rstrip()


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
