"""The read models, written in the append's own transaction."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from activities.database import Connection
from schemas.base import Model
from schemas.ledger import Batch
from schemas.rows import FilingRow, TaskRow

_TASK: Final = (
    "insert into task (filing_id, agency, code, procedure, name, role, officer, actions, due_at, overdue, created_at) "
    "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
)


async def write(
    connection: Connection, batch: Batch, numbers: dict[str, str], submitted: dict[str, Any] | None = None
) -> None:
    """Bring the stream's rows to what they are after the batch.

    `numbers` are those just taken, by kind; `submitted` what the ledger alone knows of a filing that is new.
    """
    rows = batch.rows
    if rows.filing is not None:
        filing = rows.filing.model_copy(update={"code": numbers["dossier"]}) if "dossier" in numbers else rows.filing
        await _upsert(connection, "filing", "filing_id", filing.model_dump() | (submitted or {}))
        await _replace_tasks(connection, filing, rows.tasks)
    keys = {"stream": batch.stream, "filing_id": batch.filing_id, "agency": batch.agency}
    for table, row in (("payment", rows.payment), ("parcel", rows.parcel)):
        if row is not None:
            await _upsert(connection, table, "stream", keys | _numbered(row, numbers.get(table)))


def _numbered(row: Model, number: str | None) -> dict[str, Any]:
    return row.model_dump() | ({"number": number} if number else {})


async def _upsert(connection: Connection, table: str, key: str, values: dict[str, Any]) -> None:
    columns = ", ".join(values)
    places = ", ".join(f"${i}" for i in range(1, len(values) + 1))
    changes = ", ".join(f"{name} = excluded.{name}" for name in values if name != key)
    sql = f"insert into {table} ({columns}) values ({places}) on conflict ({key}) do update set {changes}"  # noqa: S608 -- names come from our own models
    await connection.execute(sql, *values.values())


async def _replace_tasks(connection: Connection, filing: FilingRow, tasks: tuple[TaskRow, ...]) -> None:
    await connection.execute("delete from task where filing_id = $1", filing.filing_id)
    shared: tuple[UUID, str, str | None, str] = (filing.filing_id, filing.agency, filing.code, filing.procedure)
    if tasks:
        await connection.executemany(_TASK, [(*shared, *task.model_dump().values()) for task in tasks])
