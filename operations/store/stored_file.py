"""One file of the object store: its check, byte by byte, and its move inside the store."""

import asyncio
import hashlib
import os
from enum import StrEnum
from pathlib import Path

from obstore.exceptions import BaseError
from obstore.store import ObjectStore

from motcua.files.drafts import folder_of, make_folder, sync
from motcua.files.store import Store, StoreFailedError
from operations.store.named import Reference


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
    """Moves a file, over any other file; False if the file is gone. Raises `StoreFailedError`, obstore's errors."""
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
