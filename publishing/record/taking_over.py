"""Rows of the tables without an event: they were published before publications were recorded."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from publishing.record import tables
from publishing.record.log import Dated, stored
from publishing.record.publications import (
    ABSENCE,
    AGENCY,
    CALENDAR,
    OFFICER,
    PROCEDURE,
    PROVINCE,
    TABLES,
    TEMPLATE,
    Fold,
    Row,
    Table,
    changes,
)
from schemas.base import Text
from schemas.publishing import events as ev
from views.log import Connection

Rows = dict[Table, list[Row]]


async def untaken(connection: Connection, at: datetime) -> list[Dated]:
    """Returns events for the rows that have none, each marked as taken over, the oldest first.

    Publications keep their time; entries of the directory get the time of this step, `at`.
    """
    fold = Fold()
    async for one in stored(connection, {}):
        if one.event is not None:
            for change in changes(one.event, one.at, read=False):
                fold.add(change)
    there = {table: await tables.read(connection, table) for table in TABLES}
    left: Rows = {
        table: [row for key, row in rows.items() if key not in fold.rows[table]] for table, rows in there.items()
    }
    return sorted(_published(left), key=lambda dated: dated.at) + [Dated(event, at) for event in _directory(left)]


def _published(left: Rows) -> Iterator[Dated]:
    for row in left[PROCEDURE]:
        same = _columns(row, "version", "agency", "sha256", "demo", "valid_from", "valid_until", "province", "base")
        texts = {"source": row["source"].decode(), "rules": row["rules"].decode()}
        event = ev.ProcedurePublished(procedure=row["code"], taken_over=True, **same, **texts)
        yield Dated(event, row["published_at"])
    for row in left[PROVINCE]:
        same = _columns(row, "province", "version", "own", "sha256")
        name = Text(vi=row["name_vi"], en=row["name_en"])
        yield Dated(
            ev.ProvincePublished(name=name, source=row["source"].decode(), taken_over=True, **same), row["published_at"]
        )
    for row in left[TEMPLATE]:
        same = _columns(row, "agency", "paper", "procedure", "sha256", "source")
        yield Dated(ev.TemplatePublished(taken_over=True, **same), row["published_at"])
    calendars = defaultdict(list)
    for row in left[CALENDAR]:
        calendars[row["name"], row["sha256"], row["published_at"]].append(row)
    for (name, sha256, at), rows in calendars.items():
        whole = next((row["source"] for row in rows if row["source"] is not None), None)
        days = tuple(ev.CalendarDays(agency=row["agency"], body=row["body"].decode()) for row in rows)
        source = None if whole is None else whole.decode()
        yield Dated(ev.CalendarPublished(name=name, sha256=sha256, source=source, days=days, taken_over=True), at)


def _directory(left: Rows) -> Iterator[ev.AgencyEntered | ev.OfficerEntered | ev.AbsenceRecorded]:
    for row in left[AGENCY]:
        yield agency_entered(row).model_copy(update={"taken_over": True})
    officers = defaultdict(list)
    for row in left[OFFICER]:
        officers[row["agency"], row["subject"], row["name"], row["active"], row["number"]].append(row["role"])
    for (agency, subject, name, active, number), roles in officers.items():
        yield ev.OfficerEntered(
            agency=agency,
            subject=subject,
            roles=tuple(sorted(roles)),
            name=name,
            active=active,
            number=number,
            taken_over=True,
        )
    for row in left[ABSENCE]:
        yield ev.AbsenceRecorded(taken_over=True, **row)


def agency_entered(row: Row) -> ev.AgencyEntered:
    """Returns the event that makes this row of the directory's agencies."""
    same = _columns(row, "agency", "namespace", "queue", "province", "receives_for", "signing", "seal", "receipts")
    name = Text(vi=row["name_vi"], en=row["name_en"])
    money = _columns(row, "merchants", "tills")
    return ev.AgencyEntered(name=name, agency_kind=row["kind"], **same, **money)


def _columns(row: Row, *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}
