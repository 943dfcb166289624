"""Appends without a workflow, in the caller's transaction: publications, and the traces of restarts.

Nothing here checks the right to append: the caller must check it, and must also lock the streams by `heads` first.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from activities.ledger import event_rows
from schemas.stream.ledger import Receipt
from views.log import Connection

Head = Mapping[str, Any]
"""The head of a stream: `stream`, `agency`, `head_seq`, `head_hash`, and `now`, the time of the next events."""


async def heads(connection: Connection, streams: Collection[tuple[str, UUID | None, str]]) -> dict[str, Head]:
    """Locks these streams and returns their heads, by stream. Begins each stream that is missing.

    `streams`: for each stream its name, filing and agency.
    """
    await connection.executemany(_BEGIN, streams)
    rows = await connection.fetch(_HEADS, [stream for stream, *_ in streams])
    return {row["stream"]: row for row in rows}


async def append(connection: Connection, head: Head, events: Sequence[dict[str, Any]], digest: str) -> None:
    """Appends the events of one command to their stream, and stores the command's receipt with this digest.

    Each event has its columns in the order in which they are hashed, up to `occurred_at` (docs/ledger.md).
    """
    previous, rows = head["head_hash"], []
    for event in events:
        columns = event | {"recorded_at": head["now"], "prev_hash": previous}
        previous = hashlib.sha256(event_rows.hashed(columns)).digest()
        rows.append((*columns.values(), previous))
    await connection.executemany(_EVENT, rows)
    last = events[-1]
    receipt = Receipt(command_id=last["command_id"], digest=digest, seq=last["seq"], at=last["occurred_at"])
    whose = (last["stream"], last["filing_id"], last["agency"])
    body = receipt.model_dump_json(exclude_none=True).encode()
    await connection.execute(_RECEIPT, *whose, receipt.command_id, digest, body, receipt.seq)
    await connection.execute(_MOVE, last["stream"], receipt.seq, previous, head["now"])


_COLUMNS: Final = (
    *("stream", "seq", "event_id", "filing_id", "agency", "kind", "version", "body", "sealed", "key_id"),
    *("command_id", "actor", "via", "occurred_at", "recorded_at", "prev_hash", "hash"),
)
_EVENT: Final = f"""
insert into event ({", ".join(_COLUMNS)}) values ({", ".join(f"${n}" for n in range(1, len(_COLUMNS) + 1))})
"""  # noqa: S608 -- names of ours
_BEGIN: Final = "insert into stream (stream, filing_id, agency) values ($1, $2, $3) on conflict (stream) do nothing"
_HEADS: Final = """
select stream, agency, head_seq, head_hash, greatest(clock_timestamp(), head_at) as now
from stream where stream = any($1) order by stream for update
"""
_RECEIPT: Final = """
insert into receipt (stream, filing_id, agency, command_id, digest, body, seq) values ($1, $2, $3, $4, $5, $6, $7)
"""
_MOVE: Final = "update stream set (head_seq, head_hash, head_at) = ($2, $3, $4) where stream = $1"
