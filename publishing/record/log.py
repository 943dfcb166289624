"""Writes and reads the log's events of publications (docs/ledger.md)."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import uuid4

from pydantic import TypeAdapter

from activities.ledger import beside
from activities.ledger.vault import FilingKey
from publishing.record.publications import Place
from schemas.base import Personal, fields_marked
from schemas.filing.commands import SYSTEM_VIA
from schemas.ids import canonical, digest, event_id
from schemas.people import Actor, Role
from schemas.publishing.events import PublicationEvent
from views.log import Connection, SealBrokenError

VERSION: Final = 1
"""The format version of the events of publications, the same for all kinds."""


class Dated(NamedTuple):
    """An event, and the time of its publication."""

    event: PublicationEvent
    at: datetime


class Stored(NamedTuple):
    """An event of the log; `event` is None if unreadable. `read`: whether its encrypted part was decrypted."""

    stream: str
    seq: int
    at: datetime
    actor: Actor
    event: PublicationEvent | None
    read: bool


def is_personal(event: PublicationEvent) -> bool:
    """Whether the event has a value in an encrypted field."""
    return any(getattr(event, name) is not None for name in fields_marked(type(event), Personal))


async def append(
    connection: Connection, said: Mapping[Place, Sequence[Dated]], keys: Mapping[str, FilingKey], actor: Actor
) -> None:
    """Appends one or more events to each stream, with one receipt for each stream, in the caller's transaction."""
    heads = await beside.heads(connection, [(place.stream, None, place.agency) for place in said])
    command_id, by = str(uuid4()), canonical(actor.model_dump(mode="json", exclude_none=True))
    for place, events in said.items():
        head, key, rows = heads[place.stream], keys.get(place.stream), []
        for ordinal, (event, at) in enumerate(events):
            seq = head["head_seq"] + 1 + ordinal
            hidden = set(fields_marked(type(event), Personal))
            personal = event.model_dump(mode="json", exclude_none=True, include=hidden)
            sealed = key.seal(canonical({"event": personal}), f"{place.stream}\n{seq}") if key and personal else None
            columns = {  # in the order in which the hash covers them
                "stream": place.stream,
                "seq": seq,
                "event_id": event_id(place.stream, command_id, ordinal),
                "filing_id": None,
                "agency": place.agency,
                "kind": event.kind,
                "version": VERSION,
                "body": canonical(_public(event)),
                "sealed": sealed,
                "key_id": key.key_id if key and sealed else None,
                "command_id": command_id,
                "actor": by,
                "via": f"{SYSTEM_VIA.principal}/{SYSTEM_VIA.channel}",
                "occurred_at": at,
            }
            rows.append(columns)
        await beside.append(connection, head, rows, digest([_public(event) for event, _ in events]))


def _public(event: PublicationEvent) -> dict[str, Any]:
    hidden = fields_marked(type(event), Personal) | {"kind"}
    return event.model_dump(mode="json", exclude_none=True, exclude=set(hidden))


async def stored(
    connection: Connection, keys: Mapping[str, FilingKey | None], streams: Sequence[str] | None = None
) -> AsyncIterator[Stored]:
    """Yields the events of these streams, or of all, in order; needs a transaction. Encrypted parts need the keys."""
    async for row in connection.cursor(_EVENTS, streams):
        yield _stored(row, keys.get(row["stream"]))


def _stored(row: Any, key: FilingKey | None) -> Stored:
    try:
        actor = Actor.model_validate_json(row["actor"])
    except ValueError:
        actor = NOBODY
    sealed, place = row["sealed"], (row["stream"], row["seq"], row["occurred_at"], actor)
    try:
        fields = {"kind": row["kind"]} | json.loads(row["body"])
        if sealed is not None and key is not None:
            fields |= json.loads(key.unseal(sealed, f"{row['stream']}\n{row['seq']}"))["event"]
        return Stored(*place, _EVENT_OF.validate_python(fields), read=sealed is None or key is not None)
    except (ValueError, LookupError, SealBrokenError):
        return Stored(*place, None, read=False)


NOBODY: Final = Actor(subject="-", role=Role.SYSTEM)
"""The actor of an event whose actor can't be read, as in a row that somebody has changed."""
_EVENT_OF: Final[TypeAdapter[PublicationEvent]] = TypeAdapter(PublicationEvent)
_EVENTS: Final = """
select stream, seq, kind, body, sealed, actor, occurred_at from event
where stream in (select stream from stream where filing_id is null and ($1::text[] is null or stream = any($1)))
order by stream, seq
"""
