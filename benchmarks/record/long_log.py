"""A long log of valid events: one filing recorded by the product, and many copies of it.

Each copy has its own id, key, numbers and hashes, made by the same functions as in a real append.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, TypeAlias
from uuid import UUID, uuid4

import asyncpg

from activities.ledger import event_rows
from activities.ledger.event_rows import key_commitment, receipt_binding
from activities.ledger.sequencer import MOST, position_appends
from activities.ledger.vault import FilingKey, Vault
from rules.require import require
from schemas.ids import event_id

Row: TypeAlias = dict[str, Any]
Rows: TypeAlias = dict[str, list[tuple[Any, ...]]]
_AT_ONCE: Final = 1_000
"""The most filings to write in one transaction."""
_NUMBER: Final = re.compile(rb"(?<=-)([A-Z]{0,2})([0-9]{7})(?=[\"\\])")
"""The end of a number from a counter, such as a filing's code, in JSON."""
_HASHED: Final = (
    *("stream", "seq", "event_id", "filing_id", "agency", "kind", "version", "body", "sealed", "key_id"),
    *("command_id", "actor", "via", "occurred_at", "recorded_at", "prev_hash", "bound"),
)
_COLUMNS: Final = {
    "filing_key": ("filing_id", "agency", "key_id", "wrapped", "wrapped_by"),
    "event": (*_HASHED, "hash"),
    "receipt": ("stream", "command_id", "filing_id", "agency", "digest", "seq", "body"),
    "stream": ("stream", "filing_id", "agency", "epoch", "head_seq", "head_hash", "head_at"),
}
_EVENTS: Final = "select * from event where filing_id = $1 order by stream, seq"
_RECEIPTS: Final = "select * from receipt where filing_id = $1 order by stream, seq"


@dataclass(frozen=True)
class _Filing:
    """The recorded filing. `opened`: the decrypted data of each event, if any; `subjects`: the actors in that data."""

    id: UUID
    events: Sequence[Row]
    opened: Sequence[bytes | None]
    subjects: frozenset[str]
    receipts: Mapping[tuple[str, str], Row]
    key: FilingKey


class LongLog:
    """The log, over a superuser's connection. `each`: the number of events of one filing."""

    def __init__(self, connection: Any, vault: Vault, told: _Filing) -> None:
        self.each = len(told.events)
        self._connection = connection
        self._vault = vault
        self._told = told
        self._there = 1

    async def lengthen(self, to: int) -> None:
        await self._connection.execute("update counter set last = $1", to)
        for first in range(self._there, to, _AT_ONCE):
            last = min(first + _AT_ONCE, to)
            await _write(self._connection, [await _like(self._told, self._vault, n) for n in range(first, last)])
        self._there = to
        while await position_appends(self._connection) == MOST:
            pass
        for tidied in ("vacuum analyze", "checkpoint"):
            await self._connection.execute(tidied)


@asynccontextmanager
async def lengthening(dsn: str, vault: Vault, filing: UUID) -> AsyncIterator[LongLog]:
    """Opens the log. The log must have only this filing, and each counter must have issued only one number."""
    connection = await asyncpg.connect(dsn)
    try:
        yield LongLog(connection, vault, await _read(connection, vault, filing))
    finally:
        await connection.close()


async def _read(connection: Any, vault: Vault, filing: UUID) -> _Filing:
    key = require(await vault.find(connection, filing))
    events = [dict(row) for row in await connection.fetch(_EVENTS, filing)]
    opened = [row["sealed"] and key.unseal(row["sealed"], f"{row['stream']}\n{row['seq']}") for row in events]
    subjects = frozenset(said["actor"] for said in map(json.loads, filter(None, opened)) if "actor" in said)
    receipts = {(row["stream"], row["command_id"]): dict(row) for row in await connection.fetch(_RECEIPTS, filing)}
    return _Filing(filing, events, opened, subjects, receipts, key)


async def _like(told: _Filing, vault: Vault, n: int) -> Rows:
    """Returns the rows of the `n`-th copy of the recorded filing, by table."""
    filing = uuid4()
    key, wrapped = await vault.new(filing)
    named = {told.key.pseudonym(subject): key.pseudonym(subject) for subject in told.subjects}
    others = [(old.encode(), new.encode()) for old, new in ({str(told.id): str(filing)} | named).items()]

    def own(said: bytes) -> bytes:
        for old, new in others:
            said = said.replace(old, new)
        return _NUMBER.sub(lambda found: found[1] + b"%07d" % (int(found[2]) + n), said)

    rows: Rows = {table: [] for table in _COLUMNS}
    rows["filing_key"].append((filing, told.events[0]["agency"], key.key_id, wrapped.data, wrapped.by))
    before: Row = {}
    for event, opened in zip(told.events, told.opened, strict=True):
        stream, command = event["stream"].replace(str(told.id), str(filing)), event["command_id"]
        begins = event["seq"] == 1
        ordinal = 0 if begins or before["command_id"] != command else before["ordinal"] + 1
        receipt = told.receipts[event["stream"], command]
        bound = f'{{"epoch":{json.loads(event["bound"])["epoch"]}'
        if begins:
            bound += f',"key":"{key_commitment(key.secret)}"'
        if receipt["seq"] == event["seq"]:
            bound += f',"receipt":"{receipt_binding(key.secret, stream, command, receipt["digest"])}"'
        changed = {
            "stream": stream,
            "event_id": event_id(stream, command, ordinal),
            "filing_id": filing,
            "body": own(event["body"]),
            "sealed": opened and key.seal(own(opened), f"{stream}\n{event['seq']}"),
            "key_id": opened and key.key_id,
            "actor": own(event["actor"]),
            "prev_hash": bytes(32) if begins else before["hash"],
            "bound": f"{bound}}}".encode(),
        }
        row = {name: changed.get(name, event[name]) for name in _HASHED}
        before = row | {"ordinal": ordinal, "hash": sha256(event_rows.hashed(row, event_rows.BOUND)).digest()}
        rows["event"].append((*row.values(), before["hash"]))
        if receipt["seq"] == event["seq"]:
            rows["receipt"].append(_of("receipt", receipt | changed | {"body": own(receipt["body"])}))
        head = {"epoch": 1, "head_seq": row["seq"], "head_hash": before["hash"], "head_at": row["recorded_at"]}
        if not begins:
            rows["stream"].pop()
        rows["stream"].append(_of("stream", row | head))
    return rows


def _of(table: str, row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in _COLUMNS[table])


async def _write(connection: Any, filings: Sequence[Rows]) -> None:
    async with connection.transaction():
        for table, columns in _COLUMNS.items():
            records = [row for filing in filings for row in filing[table]]
            await connection.copy_records_to_table(table, columns=columns, records=records)
