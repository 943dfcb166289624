"""Questions of auditors: the record of a filing as stored, with nothing decrypted."""

import json
from typing import Any, Final
from uuid import UUID

import asyncpg

from schemas.reading import LoggedEvent
from views.log import Connection


async def events(connection: Connection, filing: UUID) -> list[LoggedEvent]:
    """Returns the public parts of the events of all streams of a filing, in the order of recording."""
    return [_event(row) for row in await connection.fetch(_EVENTS, filing)]


def _event(row: asyncpg.Record) -> LoggedEvent:
    read: dict[str, Any] = {"body": json.loads(row["body"]), "actor": json.loads(row["actor"])}
    return LoggedEvent.model_validate(dict(row) | read)


# Each stream in its own order, all streams in the order of time.
_EVENTS: Final = """
select stream, seq, event_id, kind, version, body, actor, via, command_id, occurred_at, recorded_at,
       sealed is not null as sealed, encode(hash, 'hex') as hash
from event where filing_id = $1 order by recorded_at, stream, seq
"""
