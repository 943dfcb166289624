"""The keys of streams that name people: one for each stream, stored and wrapped like the keys of filings."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Final
from uuid import UUID, uuid5

from activities.ledger.vault import FilingKey, Vault
from publishing.record.publications import Place
from schemas.ids import NAMESPACE
from schemas.publishing.events import OfficerErased
from views.log import Connection, SealBrokenError

PAGE: Final = 1000
"""Keys loaded in one query."""


class NameKeyGoneError(Exception):
    """The key of a stream that already names people is missing; it is never replaced."""


def key_of(stream: str) -> UUID:
    """Returns the id of the key of a stream of publications, which is stored in the column for filings' ids."""
    return uuid5(NAMESPACE, stream)


async def keys_of(connection: Connection, vault: Vault, places: Collection[Place]) -> dict[str, FilingKey]:
    """Returns these streams' keys, new ones for streams without names. Raises `NameKeyGoneError`, `SealBrokenError`."""
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
    for start in range(0, len(streams), PAGE):
        by_id = {key_of(stream): stream for stream in streams[start : start + PAGE]}
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
    """Returns the streams with names that must be readable: not those of erased officers and answered requests."""
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
