"""The read models, written in the append's own statement. Rows pass as JSON, which PostgreSQL reads by itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from pydantic import TypeAdapter

from rules.streams import StreamKind, Table
from schemas.ids import StreamId
from schemas.stream.ledger import Batch
from schemas.stream.rows import TaskRow
from views.log import Connection

STANDING: Final = Table("standing")
TASK: Final = Table("task", "filing_id, stream, name, agency, role")

_TASKS: Final = TypeAdapter(tuple[TaskRow, ...])


@dataclass(frozen=True)
class Written:
    """A row to write: its table and columns."""

    table: Table
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """The rows that an append writes, whether tasks follow, and all of them as JSON, in this order."""

    rows: tuple[Written, ...]
    tasks: bool
    parameters: tuple[str, ...]

    @property
    def shape(self) -> tuple[tuple[Written, ...], bool]:
        """What the statement depends on."""
        return self.rows, self.tasks


def change(
    kind: StreamKind[Any], batch: Batch, numbers: Mapping[str, str], added: Mapping[str, Any] | None = None
) -> Change | None:
    """The stream's rows as they are after the batch; None for a batch that brings none.

    `numbers` are those just taken, by kind; `added` what the ledger alone knows of a stream that is new.
    """
    rows = batch.rows
    if rows is None:
        return None
    stream = StreamId.parse(batch.stream)
    whose = {"filing_id": str(batch.filing_id), "agency": batch.agency}
    written: list[tuple[Table, dict[str, Any]]] = []
    if rows.standing is not None:
        named = {"stream": batch.stream, "kind": stream.kind}
        written.append((STANDING, named | whose | rows.standing.model_dump(mode="json")))
    if kind.table is not None and rows.row is not None:
        own = {"stream": batch.stream} if kind.table.key == "stream" else {}
        taken = {_NUMBER_COLUMN.get(name, "number"): number for name, number in numbers.items() if name != "receipt"}
        written.append((kind.table, own | whose | rows.row | taken | dict(added or {})))
    return Change(
        rows=tuple(Written(table, tuple(row)) for table, row in written),
        tasks=rows.tasks is not None,
        parameters=(
            *(json.dumps(row) for _, row in written),
            *(() if rows.tasks is None else (_TASKS.dump_json(rows.tasks).decode(),)),
        ),
    )


_NUMBER_COLUMN: Final = {"dossier": "code"}


async def write(connection: Connection, batch: Batch, change: Change) -> None:
    """Write the rows in a statement of their own."""
    parts = statements(change.rows, tasks=change.tasks, whose=1, first=4)
    whose = (batch.stream, batch.filing_id, batch.agency)
    given = "select $1::text, $2::uuid, $3::text"
    await connection.execute(f"with moved as ({given}), {parts} select", *whose, *change.parameters)


@cache
def statements(rows: tuple[Written, ...], *, tasks: bool, whose: int, first: int) -> str:
    """The statements that write the rows, to stand behind another, `moved`, that gives a row if they are to be written.

    Their parameters are stream and filing at `$whose`, and those of the `Change` from `$first` on.
    """
    parts = [f"row_{place} as ({_upsert(row, place)})" for place, row in enumerate(rows, first)]
    if tasks:
        parts.append(_tasks(f"${whose}", f"${whose + 1}", f"${first + len(rows)}"))
    return ", ".join(parts)


def _upsert(row: Written, place: int) -> str:
    table, columns = row.table, row.columns
    names = ", ".join(columns)
    new = ", ".join(f"{name} = excluded.{name}" for name in columns if name != table.key)
    given = f"moved, jsonb_populate_record(null::{table.name}, ${place}::jsonb)"
    return (
        f"insert into {table.name} ({names}) select {names} from {given} on conflict ({table.key}) do update set {new}"  # noqa: S608 -- names come from our own descriptors
    )


def _tasks(stream: str, filing: str, given: str) -> str:
    """All tasks of the stream; those that are no more are taken away."""
    return f"""
now_there as (
    select task.* from moved, jsonb_to_recordset({given}::jsonb) as task (
        name text, agency text, role text, officer text, actions text[], due_at timestamptz, overdue boolean
    )
),
gone as (
    delete from task using moved
    where task.stream = {stream}
        and task.filing_id = {filing}
        and (task.name, task.agency, task.role) not in (select name, agency, role from now_there)
),
tasks as (
    insert into task (stream, filing_id, name, agency, role, officer, actions, due_at, overdue)
    select {stream}, {filing}, now_there.* from now_there
    on conflict (filing_id, stream, name, agency, role) do update
    set (officer, actions, due_at, overdue)
        = (excluded.officer, excluded.actions, excluded.due_at, excluded.overdue)
    where (task.officer, task.actions, task.due_at, task.overdue)
        is distinct from (excluded.officer, excluded.actions, excluded.due_at, excluded.overdue)
)
"""  # noqa: S608 -- parameters' places
