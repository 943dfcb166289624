"""`motcua filing` and `motcua events`: a filing in the record, by its dossier code or its id."""

import asyncio
import json
from typing import Any, Final
from uuid import UUID

import typer
from temporalio.service import RPCError

from console.connecting import Connection
from console.database import ask
from motcua.cli.answer import VIETNAM, Column, Marked, columns, dong, lines, show_all, show_one
from motcua.cli.help import WordedGroup, group
from motcua.cli.language import in_words
from motcua.cli.options import AsJson, WhichFiling
from motcua.cli.running import there, use_stack_here
from motcua.cli.showing import work_column
from motcua.client import FilingClient
from motcua.errors import MotcuaError
from motcua.machine_work import MachineWork
from schemas.reading import FilingRecord, LoggedEvent, ParcelRecord, PaymentRecord
from schemas.translate import said
from views.auditor import events as events_of
from views.operator import find, name_of

TEMPORAL_PATIENCE: Final = 2.0
"""Seconds of waiting for Temporal, after which a filing is shown without its machine work."""

app = typer.Typer()


class _ByCode(WordedGroup):
    """Shows a filing if the first word is not a command of the group: `motcua filing CODE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Puts the hidden command `show` before a code."""
        words = [arg for arg in args if not arg.startswith("-")]
        if words and words[0] not in self.commands:
            args = ["show", *args]
        return super().parse_args(ctx, args)


filings = group("filing", _ByCode)


@filings.command("show", hidden=True)
def filing(which: WhichFiling, *, as_json: AsJson = False) -> None:
    record = ask(lambda connection: found(connection, which))
    work = _machine_work(record)
    data = record.model_dump(mode="json") | {"machine_work": work}
    show_one(record, (*_FILING, work_column(work)), as_json=as_json, data=data)


def _machine_work(record: FilingRecord) -> list[MachineWork] | None:
    """Returns the work that an open filing awaits from its agency's back office; None if Temporal does not answer."""
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
def events(which: WhichFiling, *, as_json: AsJson = False) -> None:
    code, logged = ask(lambda connection: _events(connection, which))
    show_timeline(code, logged, as_json=as_json)


def show_timeline(code: str, logged: list[LoggedEvent], *, as_json: bool = False) -> None:
    """Prints the events of a filing."""
    title = said("command.events.timeline", code=code)
    data = [event.model_dump(mode="json") for event in logged]
    show_all(logged, _TIMELINE, as_json=as_json, data=data, title=title)


def id_of(which: str) -> UUID:
    """Returns the id of a filing; ends the command if the filing is unknown."""
    return ask(lambda connection: found(connection, which)).filing_id


async def found(connection: Connection, which: str) -> FilingRecord:
    """Returns the filing; ends the command if it is unknown."""
    return there(await find(connection, which), said("refused.no_filing", filing=which))


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
