"""Writes and reads the published tables, and makes events for rows that are older than the log."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from publishing.record import publications as pb
from publishing.record.log import Dated, stored
from schemas.base import Text
from schemas.publishing import events as ev
from views.log import Connection


async def write(connection: Connection, changes: Iterable[pb.Change]) -> None:
    """Applies the events' changes to the tables."""
    there: dict[pb.Table, dict[pb.Key, pb.Change]] = defaultdict(dict)
    for change in changes:
        there[change.table][change.key] = change
    for table in pb.TABLES:
        found = there[table].values()
        await put(connection, table, [change.row for change in found if not change.gone])
        await remove(connection, table, [change.key for change in found if change.gone])


async def put(connection: Connection, table: pb.Table, rows: Iterable[pb.Row]) -> None:
    """Inserts these rows, or updates those with the same keys. A column that is missing from a row stays unchanged."""
    alike: dict[tuple[str, ...], list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows:
        as_json = {name: json.dumps(row[name], ensure_ascii=False) for name in table.json if row.get(name) is not None}
        alike[tuple(row)].append(tuple((row | as_json).values()))
    for columns, values_of_many in alike.items():
        await connection.executemany(_put(table, columns), values_of_many)


async def remove(connection: Connection, table: pb.Table, keys: Iterable[pb.Key]) -> None:
    """Deletes the rows with these keys."""
    same = " and ".join(f"{column} = ${n}" for n, column in enumerate(table.key, 1))
    await connection.executemany(f"delete from {table.name} where {same}", list(keys))  # noqa: S608 -- names of ours


async def read(connection: Connection, table: pb.Table) -> dict[pb.Key, pb.Row]:
    """Returns the rows of the table, by primary key."""
    found = {}
    for row in await connection.fetch(f"select * from {table.name}"):  # noqa: S608 -- names of ours
        parsed = {column: json.loads(row[column]) for column in table.json if row[column] is not None}
        found[tuple(row[column] for column in table.key)] = dict(row) | parsed
    return found


def _put(table: pb.Table, columns: tuple[str, ...]) -> str:
    values = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
    change = ", ".join(f"{column} = excluded.{column}" for column in columns if column not in table.key)
    return f"""
insert into {table.name} ({", ".join(columns)}) values ({values})
on conflict ({", ".join(table.key)}) do {f"update set {change}" if change else "nothing"}
"""  # noqa: S608 -- names of ours


Rows = dict[pb.Table, list[pb.Row]]


async def untaken(connection: Connection, at: datetime) -> list[Dated]:
    """Returns events for rows without one: publications in the order of time, then the directory's, dated `at`."""
    fold = pb.Fold()
    async for one in stored(connection, {}):
        if one.event is not None:
            for change in pb.changes(one.event, one.at, read=False):
                fold.add(change)
    there = {table: await read(connection, table) for table in pb.TABLES}
    left: Rows = {
        table: [row for key, row in rows.items() if key not in fold.rows[table]] for table, rows in there.items()
    }
    return sorted(_published(left), key=lambda dated: dated.at) + [Dated(event, at) for event in _directory(left)]


def _published(left: Rows) -> Iterator[Dated]:
    for row in left[pb.PROCEDURE]:
        same = _columns(row, "version", "agency", "sha256", "demo", "valid_from", "valid_until", "province", "base")
        texts = {"source": row["source"].decode(), "rules": row["rules"].decode()}
        event = ev.ProcedurePublished(procedure=row["code"], taken_over=True, **same, **texts)
        yield Dated(event, row["published_at"])
    for row in left[pb.PROVINCE]:
        same = _columns(row, "province", "version", "own", "sha256")
        texts = {"name": Text(vi=row["name_vi"], en=row["name_en"]), "source": row["source"].decode()}
        yield Dated(ev.ProvincePublished(taken_over=True, **same, **texts), row["published_at"])
    for row in left[pb.TEMPLATE]:
        same = _columns(row, "agency", "paper", "procedure", "sha256", "source")
        yield Dated(ev.TemplatePublished(taken_over=True, **same), row["published_at"])
    calendars = defaultdict(list)
    for row in left[pb.CALENDAR]:
        calendars[row["name"], row["sha256"], row["published_at"]].append(row)
    for (name, sha256, at), rows in calendars.items():
        whole = next((row["source"] for row in rows if row["source"] is not None), None)
        days = tuple(ev.CalendarDays(agency=row["agency"], body=row["body"].decode()) for row in rows)
        source = None if whole is None else whole.decode()
        yield Dated(ev.CalendarPublished(name=name, sha256=sha256, source=source, days=days, taken_over=True), at)


def _directory(left: Rows) -> Iterator[ev.AgencyEntered | ev.OfficerEntered | ev.AbsenceRecorded]:
    for row in left[pb.AGENCY]:
        yield agency_entered(row).model_copy(update={"taken_over": True})
    officers = defaultdict(list)
    for row in left[pb.OFFICER]:
        same = _columns(row, "agency", "subject", "name", "active", "number", *pb.OFFICE)
        officers[tuple(same.items())].append(row["role"])
    for officer, roles in officers.items():
        yield ev.OfficerEntered(**dict(officer), roles=tuple(sorted(roles)), taken_over=True)
    for row in left[pb.ABSENCE]:
        yield ev.AbsenceRecorded(taken_over=True, **row)


def agency_entered(row: pb.Row) -> ev.AgencyEntered:
    """Returns the event that produces this row of the table of agencies."""
    same = _columns(row, "agency", "namespace", "queue", "province", "receives_for", "signing", "seal", "receipts")
    name = Text(vi=row["name_vi"], en=row["name_en"])
    more = _columns(row, "merchants", "tills", "phone", "superior", "closed")
    territory = tuple(row["territory"] or ())
    return ev.AgencyEntered(name=name, agency_kind=row["kind"], territory=territory, **same, **more)


def _columns(row: pb.Row, *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}
