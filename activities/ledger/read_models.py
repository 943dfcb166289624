"""The read models, written in the append's own statement. Rows are passed as JSON, which PostgreSQL parses."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from pydantic import TypeAdapter

from rules.stream_kind import StreamKind, Table
from schemas.ids import StreamId
from schemas.stream.ledger import Batch
from schemas.stream.rows import Rows, TaskRow
from views.log import Connection

STANDING: Final = Table("standing")
RESULT: Final = Table("result", "number")
"""The register of results, written by filings and by the result streams, which record later changes."""

RECEIPT: Final = Table("money_receipt", "number")
"""The register of receipts for money, written by the streams of filings' papers."""

TASK: Final = Table("task", "filing_id, stream, name, agency, role")

_TASK_COLUMNS: Final = "name, agency, role, officer, acting_for, actions, due_at, overdue"
_TASK_TYPES: Final = (
    "name text, agency text, role text, officer text, acting_for text, "
    "actions text[], due_at timestamptz, overdue boolean"
)
_TASKS: Final = TypeAdapter(tuple[TaskRow, ...])


@dataclass(frozen=True)
class Written:
    """The table and the columns of a row to write, without the row's values."""

    table: Table
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """The rows that an append writes. `tasks`: whether it writes tasks; `parameters`: values as JSON, tasks last."""

    rows: tuple[Written, ...]
    tasks: bool
    parameters: tuple[str, ...]


def change(
    kind: StreamKind[Any], batch: Batch, numbers: Mapping[str, str], added: Mapping[str, Any] = MappingProxyType({})
) -> Change | None:
    """Returns the stream's rows as they are after the batch; None for a batch without rows.

    `numbers` are the numbers that the batch takes, by kind; `added` are columns of a new stream's row that only the
    ledger knows.
    """
    rows = batch.rows
    if rows is None:
        return None
    whose = {"filing_id": str(batch.filing_id), "agency": batch.agency}
    written: list[tuple[Table, dict[str, Any]]] = []
    if rows.standing is not None:
        named = {"stream": batch.stream, "kind": StreamId.parse(batch.stream).kind}
        written.append((STANDING, named | whose | rows.standing.model_dump(mode="json")))
    if kind.table is not None and rows.row is not None:
        own = {"stream": batch.stream} if kind.table.key == "stream" else {}
        written.append((kind.table, own | whose | rows.row | _numbered(numbers) | dict(added)))
    written.extend((table, whose | row) for table, row in _registered(rows, numbers))
    return Change(
        rows=tuple(Written(table, tuple(row)) for table, row in written),
        tasks=rows.tasks is not None,
        parameters=(
            *(json.dumps(row) for _, row in written),
            *(() if rows.tasks is None else (_TASKS.dump_json(rows.tasks).decode(),)),
        ),
    )


def _numbered(numbers: Mapping[str, str]) -> dict[str, str]:
    return {column: numbers[name] for name, column in _NUMBER_COLUMN.items() if name in numbers}


def _registered(rows: Rows, numbers: Mapping[str, str]) -> Iterator[tuple[Table, dict[str, Any]]]:
    """Yields the rows for the registers that several kinds of streams write, with the numbers that the batch takes."""
    for result in rows.results:
        if (number := result["number"] or numbers.get("result")) is not None:
            yield RESULT, result | {"number": number}
    for receipt in rows.receipts:
        yield RECEIPT, receipt | {"number": receipt["number"] or numbers[f"receipt_{receipt['kind']}"]}


async def write_all(connection: Connection, changes: Iterable[tuple[Batch, Change]]) -> None:
    """Writes the rows of many batches in a few statements. No two batches may be of the same stream."""
    rows: defaultdict[Written, list[str]] = defaultdict(list)
    tasks: list[tuple[str, UUID, str]] = []
    for batch, change in changes:
        for written, row in zip(change.rows, change.parameters, strict=False):
            rows[written].append(row)
        if change.tasks:
            tasks.append((batch.stream, batch.filing_id, change.parameters[-1]))
    for written, given in rows.items():
        upsert = _upsert(written, f"jsonb_populate_recordset(null::{written.table.name}, $1::jsonb)")
        await connection.execute(upsert, f"[{','.join(given)}]")
    if tasks:
        whose = list(zip(*tasks, strict=True))
        await connection.execute(_TASKS_GONE, *whose[:2])
        await connection.execute(_TASKS_THERE, *whose)


@cache
def statements(rows: tuple[Written, ...], *, tasks: bool, first: int) -> str:
    """Returns the statements that write the rows. They follow a CTE `moved`, and write only if `moved` yields a row.

    Their parameters are the stream, the filing, and from `$first` on the parameters of the `Change`.
    """
    parts = [
        f"row_{place} as ({_upsert(row, f'moved, json_populate_record(null::{row.table.name}, ${place}::json)')})"
        for place, row in enumerate(rows, first)
    ]
    if tasks:
        parts.append(_TASKS_KEPT.format(given=f"${first + len(rows)}"))
    return ", ".join(parts)


def _upsert(row: Written, given: str) -> str:
    table, columns = row.table, row.columns
    names = ", ".join(columns)
    new = ", ".join(f"{name} = excluded.{name}" for name in columns if name != table.key)
    return (
        f"insert into {table.name} ({names}) select {names} from {given} on conflict ({table.key}) do update set {new}"  # noqa: S608 -- names come from our own descriptors
    )


_TASKS_KEPT: Final = f"""
now_there as (
    select task.* from moved, jsonb_to_recordset({{given}}::jsonb) as task ({_TASK_TYPES})
),
gone as (
    delete from task using moved
    where task.stream = $1
        and task.filing_id = $2
        and (task.name, task.agency, task.role) not in (select name, agency, role from now_there)
),
tasks as (
    insert into task (stream, filing_id, {_TASK_COLUMNS})
    select $1, $2, now_there.* from now_there
    on conflict (filing_id, stream, name, agency, role) do update
    set (officer, acting_for, actions, due_at, overdue)
        = (excluded.officer, excluded.acting_for, excluded.actions, excluded.due_at, excluded.overdue)
    where (task.officer, task.acting_for, task.actions, task.due_at, task.overdue)
        is distinct from (excluded.officer, excluded.acting_for, excluded.actions, excluded.due_at, excluded.overdue)
)
"""  # noqa: S608 -- names of ours
"""SQL: writes all tasks of the stream, and deletes those that ended."""

_NUMBER_COLUMN: Final = {"dossier": "code", "payment": "number", "parcel": "number"}
_TASKS_GONE: Final = "delete from task where stream = any($1::text[]) and filing_id = any($2::uuid[])"
_TASKS_THERE: Final = f"""
insert into task (stream, filing_id, {_TASK_COLUMNS})
select stream, filing_id, task.* from unnest($1::text[], $2::uuid[], $3::text[]) as whose (stream, filing_id, given),
    jsonb_to_recordset(given::jsonb) as task ({_TASK_TYPES})
"""  # noqa: S608 -- names of ours
