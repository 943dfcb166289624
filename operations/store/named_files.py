"""The files that the event log names: finds their references, checks and moves a file."""

import asyncio
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg
from obstore.exceptions import BaseError
from obstore.store import ObjectStore

from activities.ledger.vault import Vault
from motcua.files.drafts import folder_of, make_folder, sync
from motcua.files.store import Store, StoreFailedError
from views.log import Connection, SealBrokenError


class Reference(NamedTuple):
    """The reference to a file in an event."""

    key: str
    sha256: str
    size: int


class Place(NamedTuple):
    """Identifies an event of the log, without personal data."""

    stream: str
    seq: int
    filing_id: UUID


@dataclass(frozen=True)
class NamedFiles:
    """The files that rows of the log name, the events that can't be decrypted, and the filings whose key was erased."""

    files: list[tuple[Place, Reference]]
    unread: list[Place]
    erased: set[UUID]


COLUMNS: Final = "stream, seq, filing_id, body, sealed"


async def named_files(connection: Connection, vault: Vault, rows: Sequence[asyncpg.Record]) -> NamedFiles:
    """Returns the files that these rows of `event` name; the rows have the `COLUMNS`."""
    found = NamedFiles([], [], set())
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
    """Returns the files of officers' evidence about money in suspense, for all callbacks or only for `callbacks`."""
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


class Condition(StrEnum):
    """The condition of a file."""

    FINE = "fine"
    MISSING = "missing"
    DAMAGED = "damaged"


async def condition(store: ObjectStore, file: Reference) -> Condition:
    """Checks that the store has this file with its size and digest. Raises `StoreFailedError` if the store is down."""
    try:
        found = await store.get_async(file.key)
        if found.meta["size"] != file.size:
            return Condition.DAMAGED
        digest = hashlib.sha256()
        async for chunk in found.stream():
            digest.update(chunk)
    except FileNotFoundError:
        return Condition.MISSING
    except BaseError:
        await see_it_works(store)
        return Condition.DAMAGED
    return Condition.FINE if digest.hexdigest() == file.sha256 else Condition.DAMAGED


async def see_it_works(store: ObjectStore) -> None:
    """Raises `StoreFailedError` if the store does not write, read and remove a file."""
    try:
        if await Store(store).works():
            return
        why = "what was read is not what was written"
    except (OSError, BaseError) as error:
        why = type(error).__name__
    raise StoreFailedError(f"the object store does not work: {why}; see: motcua doctor")


async def move(store: ObjectStore, source: str, to: str) -> bool:
    """Moves a file, and overwrites any file at `to`. Returns False if the file is missing.

    Raises `StoreFailedError` and obstore's errors.
    """
    folder = folder_of(store)
    try:
        if folder is None:
            await store.copy_async(source, to)
            await store.delete_async(source)
        else:
            await asyncio.to_thread(_rename, folder / source, folder / to)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StoreFailedError(f"a file can't be moved in the object store: {error.strerror}") from None
    return True


def _rename(source: Path, to: Path) -> None:
    os.utime(source)  # its age is the time of its content, which a rename does not touch
    make_folder(to.parent)
    source.replace(to)
    sync(to.parent)
