"""Writes the changes of events to the published tables, and reads the tables."""

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from publishing.record.publications import TABLES, Change, Row, Table
from views.log import Connection

Values = tuple[Any, ...]
"""The values of some columns of a row."""


async def write(connection: Connection, changes: Iterable[Change]) -> None:
    """Applies the events' changes to the tables."""
    there: dict[Table, dict[Values, Change]] = defaultdict(dict)
    for change in changes:
        there[change.table][change.key] = change
    for table in TABLES:
        found = there[table].values()
        await put(connection, table, [change.row for change in found if not change.gone])
        await remove(connection, table, [change.key for change in found if change.gone])


async def put(connection: Connection, table: Table, rows: Iterable[Row]) -> None:
    """Inserts these rows, or updates those with the same keys. A column that is missing from a row stays unchanged."""
    alike: dict[tuple[str, ...], list[Values]] = defaultdict(list)
    for row in rows:
        values = tuple(_written(table, column, value) for column, value in row.items())
        alike[tuple(row)].append(values)
    for columns, values_of_many in alike.items():
        await connection.executemany(_put(table, columns), values_of_many)


async def remove(connection: Connection, table: Table, keys: Iterable[Values]) -> None:
    """Deletes the rows with these keys."""
    same = " and ".join(f"{column} = ${n}" for n, column in enumerate(table.key, 1))
    await connection.executemany(f"delete from {table.name} where {same}", list(keys))  # noqa: S608 -- names of ours


async def read(connection: Connection, table: Table) -> dict[Values, Row]:
    """Returns the rows by their keys."""
    rows = [_read(table, dict(row)) for row in await connection.fetch(f"select * from {table.name}")]  # noqa: S608 -- names of ours
    return {tuple(row[column] for column in table.key): row for row in rows}


def _put(table: Table, columns: tuple[str, ...]) -> str:
    values = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
    others = [column for column in columns if column not in table.key]
    change = ", ".join(f"{column} = excluded.{column}" for column in others)
    return f"""
insert into {table.name} ({", ".join(columns)}) values ({values})
on conflict ({", ".join(table.key)}) do {f"update set {change}" if others else "nothing"}
"""  # noqa: S608 -- names of ours


def _written(table: Table, column: str, value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if column in table.json and value is not None else value


def _read(table: Table, row: Row) -> Row:
    told = {column: json.loads(row[column]) for column in table.json if row[column] is not None}
    return row | told
