"""The second place: a store for checkpoints, outside of the record; `MOTCUA_CHECKPOINTS`: `file:///…` or `s3://…`.

Only the object `checkpoint`, the newest checkpoint, is ever overwritten, so a bucket may lock all other objects.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from motcua.files.drafts import DRAFT, InFolder, InMemory, folder_of, make_folder, sync
from motcua.files.store import Store, open_store

if TYPE_CHECKING:
    from obstore.store import ObjectStore

CHECKPOINTS: Final = "MOTCUA_CHECKPOINTS"
_TYPE: Final = "application/octet-stream"


class SecondPlace:
    """The files at the second place. In a local folder a file is flushed to disk before it gets its final name."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._root = folder_of(store)

    @classmethod
    def at(cls, url: str) -> Self:
        """Returns the second place with this URL, and creates its folder if missing. Raises `NoStoreError`."""
        return cls(open_store(url, CHECKPOINTS))

    @classmethod
    async def to_write(cls, url: str) -> Self:
        """Returns the second place, for a process that adds files. Raises the errors of `at` and of `expect_kept`."""
        store = open_store(url, CHECKPOINTS)
        await Store(store).expect_kept(CHECKPOINTS)
        return cls(store)

    async def read(self, path: str) -> bytes | None:
        try:
            return bytes(await (await self._store.get_async(path)).bytes_async())
        except FileNotFoundError:
            return None

    async def add(self, path: str, content: bytes) -> bool:
        return await asyncio.to_thread(self._add, path, content)

    async def replace(self, path: str, content: bytes) -> None:
        if self._root is None:
            await self._store.put_async(path, content)
        else:
            await asyncio.to_thread(_replace, self._root / path, content)

    async def names(self, folder: str) -> list[str]:
        if self._root is not None:
            return await asyncio.to_thread(_names, self._root / folder)
        return [meta["path"].rpartition("/")[2] async for page in self._store.list(f"{folder}/") for meta in page]

    def _add(self, path: str, content: bytes) -> bool:
        folder, _, name = path.rpartition("/")
        if self._root is None:
            whole = InMemory(self._store, folder, _TYPE)
            whole.write(content)
            return whole.keep(name)
        with InFolder(self._root / folder) as draft:
            draft.write(content)
            return draft.keep(name)


def _replace(place: Path, content: bytes) -> None:
    make_folder(place.parent)
    draft = place.with_name(f"{place.name}#0")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(place)
    sync(place.parent)


def _names(folder: Path) -> list[str]:
    return [name for name in os.listdir(folder) if not DRAFT.search(name)] if folder.is_dir() else []  # noqa: PTH208 -- only the names are needed
