"""The read models, written in the append's own transaction."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from pydantic import TypeAdapter

from activities.database import Connection
from schemas.base import Model
from schemas.ledger import Batch
from schemas.rows import TaskRow

_TASKS: Final = TypeAdapter(tuple[TaskRow, ...])


async def write(
    connection: Connection, batch: Batch, numbers: dict[str, str], submitted: dict[str, Any] | None = None
) -> None:
    """Bring the stream's rows to what they are after the batch.

    `numbers` are those just taken, by kind; `submitted` what the ledger alone knows of a filing that is new.
    """
    rows = batch.rows
    if rows.filing is not None:
        filing = rows.filing.model_copy(update={"code": numbers["dossier"]}) if "dossier" in numbers else rows.filing
        values = filing.model_dump() | (submitted or {})
        tasks = _TASKS.dump_json(rows.tasks).decode()
        await connection.execute(_filing(tuple(values)), *values.values(), tasks)
    keys = {"stream": batch.stream, "filing_id": batch.filing_id, "agency": batch.agency}
    for table, row in (("payment", rows.payment), ("parcel", rows.parcel)):
        if row is not None:
            values = keys | _numbered(row, numbers.get(table))
            await connection.execute(_upsert(table, "stream", tuple(values)), *values.values())


def _numbered(row: Model, number: str | None) -> dict[str, Any]:
    return row.model_dump() | ({"number": number} if number else {})


@cache
def _upsert(table: str, key: str, names: Sequence[str]) -> str:
    columns = ", ".join(names)
    places = ", ".join(f"${place}" for place, _ in enumerate(names, 1))
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name != key)
    return f"insert into {table} ({columns}) values ({places}) on conflict ({key}) do update set {changes}"  # noqa: S608 -- names come from our own models


@cache
def _filing(names: Sequence[str]) -> str:
    """The filing and all its tasks, which follow as JSON; those that are no more are taken away."""
    return f"""
with row as ({_upsert("filing", "filing_id", names)} returning *),
now as (
    select * from jsonb_to_recordset(${len(names) + 1}) as now (
        name text, role text, officer text, actions text[], due_at timestamptz, overdue boolean, created_at timestamptz
    )
),
gone as (
    delete from task using row
    where task.filing_id = row.filing_id and (task.name, task.role) not in (select name, role from now)
)
insert into task (filing_id, agency, code, procedure, name, role, officer, actions, due_at, overdue, created_at)
select row.filing_id, row.agency, row.code, row.procedure, now.* from row, now
on conflict (filing_id, name, role) do update
set (officer, actions, due_at, overdue, created_at)
    = (excluded.officer, excluded.actions, excluded.due_at, excluded.overdue, excluded.created_at)
"""  # noqa: S608 -- names come from our own models
