"""`motcua filing` and `motcua events`: a filing in the record, by its dossier code or its id."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from typing import Annotated, Any, Final

import typer
from rich.markup import escape
from rich.table import Table
from temporalio.service import RPCError
from typer.core import TyperGroup

from motcua.cli.running import AsJson, Exit, fail, out, print_json, use_stack_here
from motcua.cli.showing import MACHINE_WORK, VIETNAM, when, work_line, work_rows
from motcua.client import FilingClient
from motcua.errors import MotcuaError
from motcua.machine_work import MachineWork
from operations.commands.database import Connection, ask
from operations.commands.help_words import GROUPS
from operations.commands.printing import wide
from schemas.reading import FilingRecord, LoggedEvent
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
    if as_json:
        print_json(record.model_dump(mode="json") | {"machine_work": None if work is None else work_rows(work)})
        return
    table = _facts(record)
    for words in ["?"] if work is None else map(work_line, work):
        table.add_row(MACHINE_WORK, escape(words))
    out().print(table)


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
    if as_json:
        print_json([event.model_dump(mode="json") for event in logged])
    else:
        wide().print(timeline_table(code, logged))


def timeline_table(code: str, logged: list[LoggedEvent]) -> Table:
    """Events for people."""
    table = Table("Lúc / When", "Luồng / Stream", "#", "Sự kiện / Event", "Ai / Who", "Nội dung / Body", title=code)
    for event in logged:
        body = ", ".join(f"{name}={_short(value)}" for name, value in event.body.items())
        moment = event.occurred_at.astimezone(VIETNAM)
        who = f"{event.actor['role']} {_short(event.actor['subject'])}"
        cells = (name_of(event.stream), str(event.seq), event.kind, escape(who), escape(body))
        table.add_row(f"{moment:%H:%M:%S.%f}"[:-3], *cells)
    return table


async def found(connection: Connection, which: str) -> FilingRecord:
    """The filing, or the end of the command."""
    record = await find(connection, which)
    if record is None:
        fail(f"không có hồ sơ này / the record has no filing {which}", Exit.NOT_AVAILABLE)
    return record


async def _events(connection: Connection, which: str) -> tuple[str, list[LoggedEvent]]:
    record = await found(connection, which)
    return record.code, await events_of(connection, record.filing_id)


def _facts(record: FilingRecord) -> Table:
    table = Table(show_header=False, title=f"Hồ sơ / Filing {record.code}")
    name = record.status_name
    facts = {
        "Mã định danh / Id": str(record.filing_id),
        "Trạng thái / Status": f"{record.status} {name.vi} / {name.en}",
        "Bước / Stage": record.stage,
        "Thủ tục / Procedure": f"{record.procedure}@{record.version}",
        "Mức độ / Level": f"{record.level}, {record.channel} → {record.result_channel}",
        "Cơ quan / Agency": record.agency,
        "Nộp / Submitted": when(record.submitted_at),
        "Tiếp nhận / Accepted": _moment(record.accepted_at),
        "Hẹn trả / Due": _moment(record.due_at),
        "Quá hạn / Overdue": ", ".join(record.overdue),
        "Kết thúc / Ended": f"{_moment(record.closed_at)} {record.outcome or ''}".strip(),
        "Khoản thu / Payments": "; ".join(f"{p.number}: {p.amount:,} đ, {p.state}" for p in record.payments),
        "Bưu gửi / Parcels": "; ".join(f"{p.number}: {p.state} {p.waybill or ''}" for p in record.parcels),
    }
    for label, words in facts.items():
        if words:
            table.add_row(label, escape(words))
    return table


def _moment(moment: datetime | None) -> str:
    return when(moment) if moment else ""


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"{text[:36]}…" if len(text) > 37 else text  # noqa: PLR2004 -- never longer than what it stands for
