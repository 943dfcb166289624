"""The move of a file inside the store.

The file is always in at least one place; in the new one its age starts again.
"""

import asyncio
import os
from pathlib import Path

from obstore.store import ObjectStore

from motcua.files.drafts import folder_of, make_folder, sync
from motcua.files.store import StoreFailedError


async def move(store: ObjectStore, source: str, to: str) -> bool:
    """Moves a file, replacing any file there. Returns False if it is gone: another process has moved or removed it.

    Raises `StoreFailedError`, and obstore's errors.
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
