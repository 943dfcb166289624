"""Reads a log at its second place, outside of the database, in the layout of C2SP tlog-tiles."""

import asyncio
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from verifier.notes import Checkpoint, Key, Note, NoteError, NotSignedError, checkpoint_in, read_note, size_in
from verifier.tree import HASH_BYTES, Node, Tree

WIDTH: Final = 256
ENTRIES: Final = -1
"""The number, in place of a level of hashes, that means the bundles of entries."""
_HEIGHT: Final = 8

NEWEST: Final = "checkpoint"
HISTORY: Final = "checkpoints"
STAMPS: Final = "stamps"


class PlaceError(Exception):
    """A file at the second place is missing or wrong."""


class Place(Protocol):
    """A store of files. Each method raises the errors of that store."""

    async def read(self, path: str) -> bytes | None:
        """Returns the content of a file; None if there is no such file."""

    async def names(self, folder: str) -> list[str]:
        """Returns the names of the files in a folder."""


class Folder:
    """A second place, or a copy of it, in a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def read(self, path: str) -> bytes | None:
        try:
            return await asyncio.to_thread((self._root / path).read_bytes)
        except FileNotFoundError:
            return None

    async def names(self, folder: str) -> list[str]:
        return [path.name for path in await asyncio.to_thread(lambda: list((self._root / folder).glob("*")))]


class Published(NamedTuple):
    """A checkpoint and its note."""

    checkpoint: Checkpoint
    note: Note


@dataclass(frozen=True)
class Log:
    """One log at the second place. `number` names its folder; `first` is the log's key under the name of log 1."""

    place: Place
    number: int
    first: Key

    @property
    def key(self) -> Key:
        """The log's own key, whose name is the log's origin."""
        return self.first if self.number == 1 else replace(self.first, name=f"{self.first.name}/{self.number}")

    async def read(self, path: str) -> bytes | None:
        """Returns the content of a file of this log; None if there is no such file."""
        return await self.place.read(f"{self.number}/{path}")

    async def published(self, path: str = NEWEST) -> Published | None:
        """Returns the newest checkpoint, or the checkpoint at `path`; None if there is no such file.

        Raises `PlaceError` if the checkpoint is not signed by the log.
        """
        content = await self.read(path)
        if content is None:
            return None
        try:
            note = read_note(content)
            checkpoint = checkpoint_in(note)
            ours = bool(note.signers([self.key])) and checkpoint.origin == self.key.name
        except (NoteError, NotSignedError):
            ours = False
        if not ours:
            raise PlaceError(f"{path} at the second place is not signed by this log's key")
        return Published(checkpoint, note)

    async def sizes(self, folder: str) -> list[int]:
        """Returns the sizes of all checkpoints, or of all time-stamps, in the folder, the smallest first."""
        names = await self.place.names(f"{self.number}/{folder}")
        return sorted(size for name in names if (size := size_in(name)) is not None)

    async def hashes(self, nodes: Iterable[Node], size: int) -> list[bytes]:
        """Returns the hashes of these nodes, from the tiles of the tree of this size. Raises `PlaceError`."""
        return await asyncio.gather(*(self._hash(level, index, size) for level, index in nodes))

    async def _hash(self, level: int, index: int, size: int) -> bytes:
        tile, height = divmod(level, _HEIGHT)
        number, first = divmod(index << height, WIDTH)
        subtree = Tree()
        for one in (await self.tile(tile, number, size))[first : first + (1 << height)]:
            subtree.add(one)
        return subtree.root()

    async def tile(self, level: int, number: int, size: int) -> list[bytes]:
        """Returns the hashes of a tile of the tree of this size, or the entries of a bundle. Raises `PlaceError`."""
        width = wide = min(WIDTH, (size >> _HEIGHT * max(level, 0)) - number * WIDTH)
        full = _path(level, number)
        path = full if width == WIDTH else f"{full}.p/{width}"
        content = await self.read(path)
        if content is None and width < WIDTH:
            content, wide = await self.read(full), WIDTH
        if content is None:
            raise PlaceError(f"{path} at the second place is missing")
        if level == ENTRIES:
            found = list(_entries(content))
            if len(found) != wide:
                raise PlaceError("a bundle has not as many entries as it is wide")
            return found[:width]
        if len(content) != wide * HASH_BYTES:
            raise PlaceError(f"{path} at the second place is damaged")
        return [content[at : at + HASH_BYTES] for at in range(0, width * HASH_BYTES, HASH_BYTES)]


async def newest_log(place: Place, first: Key) -> Log:
    """Returns the newest log at the second place; log 1 if there is none yet."""
    number = 1
    while await place.read(f"{number + 1}/{NEWEST}") is not None:
        number += 1
    return Log(place, number, first)


def _path(level: int, number: int) -> str:
    digits = f"{number:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    *groups, last = (digits[at : at + 3] for at in range(0, len(digits), 3))
    return "/".join(["tile", "entries" if level == ENTRIES else str(level), *(f"x{group}" for group in groups), last])


def _entries(content: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(content):
        try:
            (length,) = struct.unpack_from(">H", content, at)
        except struct.error:
            raise PlaceError("a bundle ends within a length") from None
        at += 2 + length
        if at > len(content):
            raise PlaceError("a bundle ends within an entry")
        yield content[at - length : at]
