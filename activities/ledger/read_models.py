"""The read models, written in the append's own statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from pydantic import TypeAdapter

from activities.ledger.database import Connection
from schemas.stream.ledger import Batch
from schemas.stream.rows import TaskRow

_TASKS: Final = TypeAdapter(tuple[TaskRow, ...])


@dataclass(frozen=True)
class Change:
    """A row to write: its table, its columns, and their values; for a filing its tasks follow, as JSON."""

    table: str
    columns: tuple[str, ...]
    parameters: tuple[Any, ...]


def change(batch: Batch, numbers: Mapping[str, str], submitted: Mapping[str, Any] | None = None) -> Change | None:
    """The stream's row as it is after the batch; None for a batch that brings none.

    `numbers` are those just taken, by kind; `submitted` what the ledger alone knows of a filing that is new.
    """
    rows = batch.rows
    if rows.filing is not None:
        code = {"code": numbers["dossier"]} if "dossier" in numbers else {}
        values = rows.filing.model_dump() | code | dict(submitted or {})
        return Change("filing", tuple(values), (*values.values(), _TASKS.dump_json(rows.tasks).decode()))
    for table, row in (("payment", rows.payment), ("parcel", rows.parcel)):
        if row is not None:
            keys = {"stream": batch.stream, "filing_id": batch.filing_id, "agency": batch.agency}
            number = {"number": numbers[table]} if table in numbers else {}
            values = keys | row.model_dump() | number
            return Change(table, tuple(values), tuple(values.values()))
    return None


async def write(connection: Connection, change: Change) -> None:
    """Write the row, and a filing's tasks, in a statement of their own."""
    parts = statements(change.table, change.columns, 1)
    await connection.execute(f"with moved as (select), {parts} select", *change.parameters)


@cache
def statements(table: str, columns: tuple[str, ...], first: int) -> str:
    """The statements that write a row, to stand behind another, `moved`, that gives a row if it is to be written.

    Their parameters are those of the `Change`, from `$first` on.
    """
    if table == "filing":
        return _filing(columns, first)
    return f"changed as ({_upsert(table, 'stream', columns, first)})"


def _upsert(table: str, key: str, columns: tuple[str, ...], first: int) -> str:
    names = ", ".join(columns)
    places = ", ".join(f"${place}" for place, _ in enumerate(columns, first))
    new = ", ".join(f"{name} = excluded.{name}" for name in columns if name != key)
    return f"insert into {table} ({names}) select {places} from moved on conflict ({key}) do update set {new}"  # noqa: S608 -- names come from our own models


def _filing(columns: tuple[str, ...], first: int) -> str:
    """The filing and all its tasks, which follow as JSON; those that are no more are taken away."""
    return f"""
changed as ({_upsert("filing", "filing_id", columns, first)} returning *),
now as (
    select * from jsonb_to_recordset(${first + len(columns)}) as now (
        name text, role text, officer text, actions text[], due_at timestamptz, overdue boolean, created_at timestamptz
    )
),
gone as (
    delete from task using changed
    where task.filing_id = changed.filing_id and (task.name, task.role) not in (select name, role from now)
),
tasks as (
    insert into task (filing_id, agency, code, procedure, name, role, officer, actions, due_at, overdue, created_at)
    select changed.filing_id, changed.agency, changed.code, changed.procedure, now.* from changed, now
    on conflict (filing_id, name, role) do update
    set (officer, actions, due_at, overdue, created_at)
        = (excluded.officer, excluded.actions, excluded.due_at, excluded.overdue, excluded.created_at)
)
"""  # noqa: S608 -- names come from our own models
