"""The files that the event log names, read row by row from plain and encrypted parts; also evidence about money."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg

from activities.ledger.vault import Vault
from views.log import Connection, SealBrokenError


class Reference(NamedTuple):
    """The reference to a file in an event."""

    key: str
    sha256: str
    size: int


class Place(NamedTuple):
    """An event of the log; nothing personal."""

    stream: str
    seq: int
    filing_id: UUID


@dataclass(frozen=True)
class Told:
    """The files that rows of the log name, the events that can't be decrypted, and the filings whose key was erased."""

    files: list[tuple[Place, Reference]]
    unread: list[Place]
    erased: set[UUID]


COLUMNS: Final = "stream, seq, filing_id, body, sealed"


async def told(connection: Connection, vault: Vault, rows: Sequence[asyncpg.Record]) -> Told:
    """Returns the files that these rows of `event` name; the rows have the `COLUMNS`."""
    found = Told([], [], set())
    await vault.learn(connection, {row["filing_id"] for row in rows})
    for row in rows:
        place = Place(row["stream"], row["seq"], row["filing_id"])
        try:
            key = await vault.find(connection, place.filing_id)
            if key is None:
                found.erased.add(place.filing_id)
            else:
                sealed = row["sealed"]
                private = json.loads(key.unseal(sealed, f"{place.stream}\n{place.seq}")) if sealed else {}
                said = [json.loads(row["body"]), private]
                found.files.extend((place, reference) for reference in _references(said))
        except (SealBrokenError, ValueError, TypeError):
            found.unread.append(place)
    return found


async def evidence(connection: Connection, callbacks: Sequence[UUID] | None = None) -> list[tuple[Place, Reference]]:
    """Returns the files with officers' evidence about money in suspense, for these `callbacks` or for all."""
    rows = await connection.fetch(_EVIDENCE, callbacks)
    places = [(Place(f"suspense:{row['callback']}", row["n"], row["callback"]), row) for row in rows]
    return [(place, file) for place, row in places for file in _references(json.loads(row["evidence"]))]


_EVIDENCE: Final = """
select callback, n, evidence from suspense_step
where evidence is not null and ($1::uuid[] is null or callback = any($1)) order by callback, n
"""


def _references(value: Any) -> Iterator[Reference]:
    """Yields every object with the fields of a file reference, at any depth of an event's data."""
    if isinstance(value, dict):
        if value.keys() >= set(Reference._fields):
            yield Reference(str(value["key"]), str(value["sha256"]), int(value["size"]))
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _references(item)
