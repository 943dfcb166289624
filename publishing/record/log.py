"""Writes and reads the log's events of publications (docs/ledger.md), and the keys of the streams that name people.

Each such stream has one key, stored and wrapped like the keys of filings.
"""

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid4, uuid5

from pydantic import TypeAdapter

from activities.ledger import beside
from activities.ledger.vault import FilingKey, Vault
from publishing.record.publications import Place
from schemas.base import Personal, fields_marked
from schemas.filing.commands import SYSTEM_VIA
from schemas.ids import NAMESPACE, canonical, digest, event_id
from schemas.people import Actor, Role
from schemas.publishing.events import OfficerErased, PublicationEvent
from views.log import Connection, SealBrokenError

VERSION: Final = 1
"""The format version of the events of publications, the same for all kinds."""


class Dated(NamedTuple):
    """An event, and the time of its publication."""

    event: PublicationEvent
    at: datetime


class Stored(NamedTuple):
    """An event of the log; `event` is None if it can't be read. `read`: whether its encrypted part was decrypted."""

    stream: str
    seq: int
    at: datetime
    actor: Actor
    via: str
    event: PublicationEvent | None
    read: bool


def is_personal(event: PublicationEvent) -> bool:
    """Whether the event has a value in an encrypted field."""
    return any(getattr(event, name) is not None for name in fields_marked(type(event), Personal))


UNSIGNED: Final = f"{SYSTEM_VIA.principal}/{SYSTEM_VIA.channel}"
"""The `via` of an event whose act no program has signed."""


def signed_by(via: str) -> str | None:
    """Returns the program that signed the act of an event with this `via`; None if the act was not signed."""
    return None if via == UNSIGNED else via.partition("/")[0]


async def append(
    connection: Connection, said: Mapping[Place, Sequence[Dated]], keys: Mapping[str, FilingKey], actor: Actor, via: str
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
                "via": via,
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
        try:
            actor = Actor.model_validate_json(row["actor"])
        except ValueError:
            actor = NOBODY
        key, sealed = keys.get(row["stream"]), row["sealed"]
        try:
            fields = {"kind": row["kind"]} | json.loads(row["body"])
            if sealed is not None and key is not None:
                fields |= json.loads(key.unseal(sealed, f"{row['stream']}\n{row['seq']}"))["event"]
            event = _EVENT_OF.validate_python(fields)
        except (ValueError, LookupError, SealBrokenError):
            event = None
        read = event is not None and (sealed is None or key is not None)
        yield Stored(row["stream"], row["seq"], row["occurred_at"], actor, row["via"], event, read)


NOBODY: Final = Actor(subject="-", role=Role.SYSTEM)
"""Stands for the actor of an event if the actor can't be read, as in a row that somebody has changed."""
_EVENT_OF: Final[TypeAdapter[PublicationEvent]] = TypeAdapter(PublicationEvent)
_EVENTS: Final = """
select stream, seq, kind, body, sealed, actor, via, occurred_at from event
where stream in (select stream from stream where filing_id is null and ($1::text[] is null or stream = any($1)))
order by stream, seq
"""


_KEYS_AT_ONCE: Final = 1000
"""The number of keys loaded in one query."""


class NameKeyGoneError(Exception):
    """The key of a stream that already names people is missing. Such a key is never replaced."""


def key_of(stream: str) -> UUID:
    """Returns the id of the encryption key of a stream of publications, stored in the column for filings' ids."""
    return uuid5(NAMESPACE, stream)


async def keys_of(connection: Connection, vault: Vault, places: Collection[Place]) -> dict[str, FilingKey]:
    """Returns the key of each of these streams; makes one if the stream names nobody yet.

    Raises `NameKeyGoneError` and `SealBrokenError`.
    """
    found: dict[str, FilingKey] = {}
    for stream, key in (await known_keys(connection, vault, [place.stream for place in places])).items():
        if key is None:
            raise SealBrokenError
        found[stream] = key
    new = [place for place in places if place.stream not in found]
    gone = await connection.fetchval(_NAMED, [place.stream for place in new])
    if gone is not None:
        if await connection.fetchval("select true from event where stream = $1 and kind = 'officer_erased'", gone):
            raise NameKeyGoneError(f"who is named in {gone} was erased: take them out, or give them another subject")
        raise NameKeyGoneError(f"the key of {gone} is not there: restore `filing_key` from a backup")
    return found | {
        place.stream: await vault.key(connection, key_of(place.stream), place.agency, first=True) for place in new
    }


async def known_keys(connection: Connection, vault: Vault, streams: Sequence[str]) -> Mapping[str, FilingKey | None]:
    """Returns the stored keys of these streams; None for each key that can't be unwrapped."""
    found: dict[str, FilingKey | None] = {}
    for start in range(0, len(streams), _KEYS_AT_ONCE):
        by_id = {key_of(stream): stream for stream in streams[start : start + _KEYS_AT_ONCE]}
        await vault.learn(connection, by_id.keys())
        rows = await connection.fetch("select filing_id from filing_key where filing_id = any($1)", list(by_id))
        found |= {by_id[row["filing_id"]]: vault.known(row["filing_id"]) for row in rows}
    return found


async def forget(connection: Connection, stream: str, erased: OfficerErased) -> None:
    """Deletes the keys of an officer's stream, and of answered requests about the officer."""
    officer = json.dumps({"kind": "officer_entered", "agency": erased.agency, "subject": erased.subject})
    asked = await connection.fetch(_ASKED, officer)
    keys = [key_of(stream), *(key_of(row["stream"]) for row in asked)]
    await connection.execute("delete from filing_key where filing_id = any($1)", keys)


async def streams_with_names(connection: Connection) -> list[str]:
    """Returns the streams whose names must be readable: all but those of erased officers and of answered requests."""
    return [row["stream"] for row in await connection.fetch(_SEALED)]


_NAMED: Final = "select stream from event where stream = any($1) and key_id is not null limit 1"
_ASKED: Final = """
select asked.stream from event as asked join event as answer using (stream)
where asked.filing_id is null and asked.kind = 'publication_asked' and asked.key_id is not null
    and answer.kind in ('publication_approved', 'publication_declined') and exists (
        select from jsonb_array_elements_text(convert_from(asked.body, 'UTF8')::jsonb -> 'events') as said
        where said::jsonb @> $1::jsonb
    )
"""
_SEALED: Final = """
select stream from stream where filing_id is null
    and exists (select from event where event.stream = stream.stream and key_id is not null)
    and not exists (
        select from event where event.stream = stream.stream
            and kind in ('officer_erased', 'publication_approved', 'publication_declined')
    )
"""
