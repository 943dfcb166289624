"""Writes files into the object store atomically: complete or not at all, and never over another file.

obstore writes to a folder without `fsync`. But a receipt refers to its file for decades, and the file may not be empty
after a power cut. So this module writes the files of a folder store itself: a draft in the folder, `fsync`, a hard link
that overwrites nothing, and `fsync` of the folder. obstore reads them like all others.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol, Self

if TYPE_CHECKING:
    from obstore.store import ObjectStore

DRAFT: Final = re.compile(r"#[0-9]+$")
"""The end of a draft's name, as in obstore's own drafts: obstore neither lists nor reads files with such names."""

OPEN_FILES: Final = "/proc/self/fd"
NAMELESS: Final = hasattr(os, "O_TMPFILE") and Path(OPEN_FILES).is_dir()
"""True if this system supports files that get their name only later (`O_TMPFILE`)."""


TRIALS: Final = "checks"
"""The folder of the test files by which `overwrites` checks a store."""
AT_ONCE: Final = 8


class Draft(Protocol):
    """A file that is being written."""

    def write(self, data: bytes) -> None:
        """Appends data."""

    def keep(self, name: str) -> bool:
        """Gives the draft its name. Returns False, and changes nothing, if a file with that name exists."""


class InMemory:
    """A draft in memory. The store gets it in one request: no other file is overwritten, no partial file is left."""

    def __init__(self, store: ObjectStore, folder: str, media_type: str) -> None:
        self._store = store
        self._folder = folder
        self._media_type = media_type
        self._data = bytearray()

    def write(self, data: bytes) -> None:
        self._data += data

    def keep(self, name: str) -> bool:
        from obstore.exceptions import AlreadyExistsError  # noqa: PLC0415 -- an extra, there when there is a store

        try:
            self._store.put(
                f"{self._folder}/{name}",
                bytes(self._data),
                attributes={"Content-Type": self._media_type},
                mode="create",
            )
        except AlreadyExistsError:
            return False
        return True


class InFolder:
    """A file in a folder of this computer. The end of the `with` block deletes the file, unless it was kept.

    If the system supports it, the file has no name until it is kept (`O_TMPFILE`), so a killed process leaves nothing
    behind. On other systems it first has the name of a draft.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._name: Path | None = None
        self._file: BinaryIO

    def __enter__(self) -> Self:
        make_folder(self._folder)
        if NAMELESS:
            with suppress(OSError):  # the disk has no files without a name
                nameless = os.open(self._folder, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o666)
                self._file = os.fdopen(nameless, "wb")
                return self
        self._name = self._folder / f"upload#{secrets.randbits(62)}"
        self._file = self._name.open("xb")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with suppress(OSError):  # unwritten data is still in the buffer; its writer knows of the failure
            self._file.close()
        if self._name is not None:
            self._name.unlink(missing_ok=True)

    def write(self, data: bytes) -> None:
        self._file.write(data)

    def keep(self, name: str) -> bool:
        """Gives the draft its name, synced to disk.

        Returns False if a file with that name exists. That file is synced, and gets a new modification
        time: since the caller uses it from now on, the sweep must not take it for an old file.
        """
        self._file.flush()
        os.fsync(self._file.fileno())
        place = self._folder / name
        try:
            if self._name is not None:
                os.link(self._name, place)
            else:  # os.link follows the link in /proc only if given a folder, which an absolute path ignores
                number = self._file.fileno()
                os.link(f"{OPEN_FILES}/{number}", place, src_dir_fd=number)
        except FileExistsError:
            os.utime(place)
            sync(place)
            new = False
        else:
            new = True
        sync(self._folder)
        return new


async def overwrites(store: ObjectStore) -> bool:
    """Returns whether the store overwrites a file that it was asked only to create. A local folder never does.

    Puts several files of one name at the same time, since some stores check for the file and then write: such a store
    overwrites a file only if the two requests overlap.
    """
    from obstore.exceptions import AlreadyExistsError, BaseError  # noqa: PLC0415 -- as above

    if folder_of(store) is not None:
        return False
    key = f"{TRIALS}/{secrets.token_hex(16)}"  # processes that start at the same moment try one of their own each

    async def put() -> bool:
        try:
            await store.put_async(key, b"motcua", mode="create")
        except AlreadyExistsError:
            return False
        return True

    kept = sum(await asyncio.gather(*(put() for _ in range(AT_ONCE))))
    with suppress(BaseError):  # a few bytes stay; not every writer may delete
        await store.delete_async(key)
    return kept > 1


def folder_of(store: ObjectStore) -> Path | None:
    """Returns the folder of a local store; None for any other store."""
    from obstore.store import LocalStore  # noqa: PLC0415 -- as above

    return Path(store.prefix) if isinstance(store, LocalStore) and store.prefix is not None else None


def sizes(folder: Path) -> dict[str, int]:
    """Returns the sizes in bytes of the files in a folder, by file name. Drafts are left out."""
    with os.scandir(folder) as entries:
        return {entry.name: _size(entry.path) for entry in entries if not DRAFT.search(entry.name)}


@lru_cache(maxsize=10_000)
def _size(path: str) -> int:
    """Returns the size of a file. Sizes are cached: a file is named by its digest, so its content never changes."""
    return Path(path).stat().st_size


def make_folder(folder: Path) -> None:
    """Makes a folder and its missing parents, each synced to disk."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync(folder.parent)


def sync(path: Path) -> None:
    """Sync a file, or the entries of a folder, to disk."""
    if os.name != "posix":
        return  # a folder can't be opened there
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
