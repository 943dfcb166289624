"""`motcua filing` and `motcua events`: a filing in the record, by its dossier code or its id."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import asyncpg
import typer
from rich.markup import escape
from rich.table import Table
from typer.core import TyperGroup

from motcua.cli.running import AsJson, Exit, fail, out, print_json
from motcua.cli.showing import when
from operations.commands.database import Connection, ask
from operations.commands.printing import wide
from schemas.filing.state import STATUS_NAMES, Status

Which = Annotated[str, typer.Argument(metavar="CODE|FILING_ID", help="The dossier code (mã hồ sơ) or the filing's id.")]
Json = dict[str, Any]

FIND: Final = "select * from filing where code = $1 or filing_id::text = lower($1)"
# Each stream in its own order, all streams in the order of time.
EVENTS: Final = """
select stream, seq, event_id, kind, version, body, actor, via, command_id, occurred_at, recorded_at,
       sealed is not null as has_sealed, encode(hash, 'hex') as hash
from event where filing_id = $1 order by recorded_at, stream, seq
"""

app = typer.Typer()


class _ByCode(TyperGroup):
    """What is no command of the group is a filing to be shown: `motcua filing CODE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the hidden command in front of a code."""
        words = [arg for arg in args if not arg.startswith("-")]
        if words and words[0] not in self.commands:
            args = ["show", *args]
        return super().parse_args(ctx, args)


_FILING: Final = """Hồ sơ trong sổ / A filing in the record: shown by its code, or started again.

Examples: `motcua filing H01.12-20261125-0000001`, `motcua filing restart H01.12-20261125-0000001`
"""

filings = typer.Typer(
    name="filing",
    cls=_ByCode,
    help=_FILING,
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


@filings.command("show", hidden=True)
def filing(which: Which, *, as_json: AsJson = False) -> None:
    """Look a filing up in the record: status, stage, deadline, and its payments and parcels.

    Examples: `motcua filing H01.12-20261125-0000001`, `motcua filing H01.12-20261125-0000001 --json`
    """
    row = ask(lambda connection: _whole(connection, which))
    if as_json:
        print_json(row)
    else:
        out().print(_facts(row))


@app.command()
def events(which: Which, *, as_json: AsJson = False) -> None:
    """Print the timeline of a filing, its payments and parcels, from the event log. Sealed parts are not shown.

    Examples: `motcua events H01.12-20261125-0000001`, `motcua events H01.12-20261125-0000001 --json`
    """
    code, found = ask(lambda connection: _timeline(connection, which))
    if as_json:
        print_json(found)
    else:
        wide().print(timeline_table(code, found))


async def timeline(connection: Connection, filing_id: UUID) -> list[Json]:
    """The events of all streams of a filing, as far as they are open to all."""
    return [_event(row) for row in await connection.fetch(EVENTS, filing_id)]


def timeline_table(code: str, found: list[Json]) -> Table:
    """Events for people."""
    table = Table("Lúc / When", "Luồng / Stream", "#", "Sự kiện / Event", "Ai / Who", "Nội dung / Body", title=code)
    for event in found:
        actor = event["actor"]
        body = ", ".join(f"{name}={_short(value)}" for name, value in event["body"].items())
        moment = datetime.fromisoformat(event["occurred_at"]).astimezone()
        who = f"{actor['role']} {_short(actor['subject'])}"
        table.add_row(
            f"{moment:%H:%M:%S.%f}"[:-3], _stream(event), str(event["seq"]), event["kind"], escape(who), escape(body)
        )
    return table


async def _found(connection: Connection, which: str) -> asyncpg.Record:
    row = await connection.fetchrow(FIND, which.strip())
    if row is None:
        fail(f"không có hồ sơ này / the record has no filing {which}", Exit.NOT_AVAILABLE)
    return row


async def _whole(connection: Connection, which: str) -> Json:
    row = await _found(connection, which)
    name = STATUS_NAMES[Status(row["status"])]
    found = plain(row) | {"status_name": name.model_dump()}
    for table in ("payment", "parcel"):
        query = f"select * from {table} where filing_id = $1 order by n"  # noqa: S608 -- one of two names of ours
        rows = await connection.fetch(query, row["filing_id"])
        found[f"{table}s"] = [plain(one) for one in rows]
    return found


async def _timeline(connection: Connection, which: str) -> tuple[str, list[Json]]:
    row = await _found(connection, which)
    return row["code"], await timeline(connection, row["filing_id"])


def _event(row: asyncpg.Record) -> Json:
    sealed = {"sealed": row["has_sealed"]}
    read = {"body": json.loads(row["body"]), "actor": json.loads(row["actor"])}
    return {name: value for name, value in plain(row).items() if name != "has_sealed"} | read | sealed


def plain(row: asyncpg.Record) -> Json:
    """A row as plain data, its bytes left out."""
    return {name: _plain(value) for name, value in row.items() if not isinstance(value, bytes)}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _facts(row: Json) -> Table:
    table = Table(show_header=False, title=f"Hồ sơ / Filing {row['code']}")
    name = row["status_name"]
    facts = {
        "Mã định danh / Id": row["filing_id"],
        "Trạng thái / Status": f"{row['status']} {name['vi']} / {name['en']}",
        "Bước / Stage": row["stage"],
        "Thủ tục / Procedure": f"{row['procedure']}@{row['version']}",
        "Mức độ / Level": f"{row['level']}, {row['channel']} → {row['result_channel']}",
        "Cơ quan / Agency": row["agency"],
        "Nộp / Submitted": _moment(row["submitted_at"]),
        "Tiếp nhận / Accepted": _moment(row["accepted_at"]),
        "Hẹn trả / Due": _moment(row["due_at"]),
        "Quá hạn / Overdue": ", ".join(row["overdue"]),
        "Kết thúc / Ended": f"{_moment(row['closed_at'])} {row['outcome'] or ''}".strip(),
        "Khoản thu / Payments": "; ".join(f"{p['number']}: {p['amount']:,} đ, {p['state']}" for p in row["payments"]),
        "Bưu gửi / Parcels": "; ".join(f"{p['number']}: {p['state']} {p['waybill'] or ''}" for p in row["parcels"]),
    }
    for label, words in facts.items():
        if words:
            table.add_row(label, escape(words))
    return table


def _moment(text: str | None) -> str:
    return when(datetime.fromisoformat(text)) if text else ""


def _stream(event: Json) -> str:
    kind, _, rest = event["stream"].partition(":")
    _, _, n = rest.partition(":")
    return f"{kind} {n}".strip()


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"{text[:36]}…" if len(text) > 37 else text  # noqa: PLR2004 -- never longer than what it stands for
