"""Files on their way into the object store: there whole or not at all, and never over another.

obstore writes to a folder without ever asking the system to put it on the disk. A receipt speaks of a file for decades:
after a power cut it may not be empty. So what goes into a folder is written here: a draft in it, `fsync`, a
hard link that overwrites nothing, and `fsync` of the folder. It is read by obstore like all others.
"""

from __future__ import annotations

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
"""How the name of a draft ends. obstore's own end so too, and it neither lists nor reads such a name: it is no file to
anybody."""

OPEN_FILES: Final = "/proc/self/fd"
NAMELESS: Final = hasattr(os, "O_TMPFILE") and Path(OPEN_FILES).is_dir()
"""Whether this system has files that are given their name later."""


class Draft(Protocol):
    """A file that is being written."""

    def write(self, data: bytes) -> None:
        """Add to it."""

    def keep(self, name: str) -> bool:
        """Give it its name. False if there is a file of that name, which stays as it is."""


class InMemory:
    """A file for a store that is given it in one piece: so none is overwritten, and no parts are left there."""

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
    """A file in a folder of this computer. When it is left it is gone, unless it was kept.

    Where the system can, it has no name until it is kept (`O_TMPFILE`): whoever is killed then leaves nothing behind.
    Elsewhere it has that of a draft.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._name: Path | None = None
        self._file: BinaryIO

    def __enter__(self) -> Self:
        make_folder(self._folder)
        nameless = _nameless(self._folder)
        if nameless is None:
            self._name = self._folder / f"upload#{secrets.randbits(62)}"
            self._file = self._name.open("xb")
        else:
            self._file = os.fdopen(nameless, "wb")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with suppress(OSError):  # what could not be written is still in the buffer; whoever wrote knows
            self._file.close()
        if self._name is not None:
            self._name.unlink(missing_ok=True)

    def write(self, data: bytes) -> None:
        self._file.write(data)

    def keep(self, name: str) -> bool:
        """Give it its name, on the disk. False if a file has that name: that one is on the disk then, and young again.

        Whoever finds a file there relies on it, so that it must not be swept as one that nobody has asked for in days.
        """
        self._file.flush()
        os.fsync(self._file.fileno())
        place = self._folder / name
        try:
            self._link(place)
        except FileExistsError:
            os.utime(place)
            sync(place)
            new = False
        else:
            new = True
        sync(self._folder)
        return new

    def _link(self, place: Path) -> None:
        if self._name is not None:
            os.link(self._name, place)
        else:  # os.link follows what stands in /proc only if it is given a folder, which an absolute path does not use
            number = self._file.fileno()
            os.link(f"{OPEN_FILES}/{number}", place, src_dir_fd=number)


def _nameless(folder: Path) -> int | None:
    """A new file in the folder that has no name yet, open for writing, where system and disk know such files."""
    if not NAMELESS:
        return None
    try:
        return os.open(folder, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o666)
    except OSError:
        return None


def folder_of(store: ObjectStore) -> Path | None:
    """The folder that a store is, if it is one."""
    from obstore.store import LocalStore  # noqa: PLC0415 -- as above

    return Path(store.prefix) if isinstance(store, LocalStore) and store.prefix is not None else None


def sizes(folder: Path) -> dict[str, int]:
    """The bytes of the files in a folder, by their names; drafts are none."""
    with os.scandir(folder) as entries:
        return {entry.name: _size(entry.path) for entry in entries if not DRAFT.search(entry.name)}


@lru_cache(maxsize=10_000)
def _size(path: str) -> int:
    """The bytes of a file, looked up once: it is named by its digest, so that it never becomes another."""
    return Path(path).stat().st_size


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, each on the disk."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync(folder.parent)


def sync(path: Path) -> None:
    """Have a file, or what a folder lists, put on the disk."""
    if os.name != "posix":
        return  # a folder can't be opened there
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
