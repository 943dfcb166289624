"""The check of one file of the store, byte by byte."""

import hashlib
from enum import StrEnum

from obstore.exceptions import BaseError
from obstore.store import ObjectStore

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
