"""The second place: a store of files that the database's owner can't change, with logs in C2SP tlog-tiles layout.

Each log has a folder `<n>/`, with n from 1: `tile/…` and `checkpoint` (the newest); and, in addition to tlog-tiles,
`checkpoints/<size>` (every checkpoint) and `stamps/<size>` (the checkpoint's time-stamp, RFC 3161, DER).
"""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from rules.proof import tiles as tl
from rules.proof import tree as tr
from rules.proof.checkpoint import ROWS, Checkpoint
from rules.proof.note import Note, NoteError, Verifier, read_note, signers

CHECKPOINT: Final = "checkpoint"
HISTORY: Final = "checkpoints"
STAMPS: Final = "stamps"


class Fault(StrEnum):
    """A reason why no new checkpoint was made, or why an old one is not accepted."""

    BUSY = "busy"
    FEWER_EVENTS = "fewer_events"
    OTHER_EVENTS = "other_events"
    NO_ORDER = "no_order"
    OTHER_CONTENT = "other_content"
    MISSING = "missing"
    DAMAGED = "damaged"
    NOT_OURS = "not_ours"
    NO_QUORUM = "no_quorum"
    CONTRADICTED = "contradicted"
    NOT_STAMPED = "not_stamped"


class CheckpointError(Exception):
    """No new checkpoint was made; `fault` is the reason. Checkpoints published earlier stay valid."""

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(message)
        self.fault = fault


class Place(Protocol):
    """A store of files. Each method raises the errors of the underlying storage."""

    async def read(self, path: str) -> bytes | None:
        """Returns the file, or None if there is none."""

    async def add(self, path: str, content: bytes) -> bool:
        """Stores a new file and flushes it to disk. Returns False, and changes nothing, if the name is taken."""

    async def replace(self, path: str, content: bytes) -> None:
        """Replaces a file, either completely or not at all."""

    async def names(self, folder: str) -> list[str]:
        """Returns the names of the files in a folder."""


@dataclass(frozen=True)
class Within:
    """A folder of another `Place`, used as a separate store of files."""

    place: Place
    folder: str

    async def read(self, path: str) -> bytes | None:
        return await self.place.read(f"{self.folder}/{path}")

    async def add(self, path: str, content: bytes) -> bool:
        return await self.place.add(f"{self.folder}/{path}", content)

    async def replace(self, path: str, content: bytes) -> None:
        await self.place.replace(f"{self.folder}/{path}", content)

    async def names(self, folder: str) -> list[str]:
        return await self.place.names(f"{self.folder}/{folder}")


async def add_same(place: Place, path: str, content: bytes) -> None:
    """Stores a file. Raises `CheckpointError` if a file of that name exists with other content."""
    if not await place.add(path, content) and await place.read(path) != content:
        raise CheckpointError(Fault.OTHER_CONTENT, f"{path} at the second place is another file already")


class Published(NamedTuple):
    """A checkpoint, and the signed note that contains it."""

    checkpoint: Checkpoint
    note: Note


@dataclass(frozen=True)
class Log:
    """One log. `number`: the number of its folder; `origin`: its name in checkpoints; `place`: the store of files."""

    number: int
    origin: str
    place: Place

    async def newest(self, key: Verifier) -> Published | None:
        """Returns the newest checkpoint, or None. Raises `CheckpointError` if the log's key has not signed it."""
        content = await self.place.read(CHECKPOINT)
        if content is None:
            return None
        with suppress(NoteError):
            note = read_note(content)
            checkpoint = Checkpoint.read(note.text)
            if signers(note, [key]) and checkpoint.origin == self.origin:
                return Published(checkpoint, note)
        raise CheckpointError(Fault.NOT_OURS, f"{CHECKPOINT} at the second place is not signed by this log's key")

    async def publish(self, published: Published) -> Published:
        """Stores a checkpoint as the newest and returns it. If one of the same tree is stored already, uses that."""
        content = bytes(published.note)
        path = f"{HISTORY}/{published.checkpoint.size}"
        if not await self.place.add(path, content):
            kept = await self.place.read(path)
            if kept is None or not _is_of_tree(read_note(kept), published.checkpoint):
                raise CheckpointError(Fault.OTHER_CONTENT, f"{path} at the second place is another checkpoint")
            content = kept
        await self.place.replace(CHECKPOINT, content)
        note = read_note(content)
        return Published(Checkpoint.read(note.text), note)

    async def tree(self, size: int) -> tl.Growth:
        """Returns the tree of this size, ready to be extended. Raises `CheckpointError`."""
        tiles = tl.edge(size)
        contents = await asyncio.gather(*map(self.tile, tiles))
        return tl.Growth.after(size, list(zip(tiles, contents, strict=True)))

    async def root(self, size: int) -> bytes:
        """Returns the root of the tree of this size, calculated from the tiles. Raises `CheckpointError`."""
        return tr.joined(list((await self._hashes(tr.nodes_of((0, size)), size)).values()))

    async def inclusion(self, index: int, size: int) -> list[bytes]:
        """Returns the inclusion proof of a leaf in the tree of this size. Raises `CheckpointError`."""
        return await self._proof(tr.inclusion_ranges(index, size), size)

    async def consistency(self, old: int, size: int) -> list[bytes]:
        """Returns the proof that the tree of `size` extends the tree of size `old`. Raises `CheckpointError`."""
        return await self._proof(tr.consistency_ranges(old, size), size)

    async def entries(self, number: int, size: int) -> list[bytes]:
        """Returns at most 256 leaves of a tree of that size, beginning at `number * 256`. Raises `CheckpointError`."""
        tile = tl.tile_at(tl.ENTRIES, number, size)
        return tl.entries_in(await self.tile(tile), tile.width)

    async def tile(self, tile: tl.Tile) -> bytes:
        """Returns the tile's content in the requested width. Raises `CheckpointError`."""
        content = await self.place.read(tile.path)
        if content is None and tile.width < tl.WIDTH:
            content = _narrowed(tile, await self.place.read(tile._replace(width=tl.WIDTH).path))
        if content is None:
            raise CheckpointError(Fault.MISSING, f"{tile.path} at the second place is missing")
        if tile.level != tl.ENTRIES and len(content) != tile.width * tr.HASH_BYTES:
            raise CheckpointError(Fault.DAMAGED, f"{tile.path} at the second place is damaged")
        return content

    async def _proof(self, ranges: Sequence[tr.Range], size: int) -> list[bytes]:
        nodes = [node for leaves in ranges for node in tr.nodes_of(leaves)]
        return tr.proof(ranges, (await self._hashes(nodes, size)).__getitem__)

    async def _hashes(self, nodes: Iterable[tr.Node], size: int) -> dict[tr.Node, bytes]:
        places = {node: tl.place_of(node, size) for node in nodes}
        tiles = list({place.tile for place in places.values()})
        contents = dict(zip(tiles, await asyncio.gather(*map(self.tile, tiles)), strict=True))
        return {node: tl.hash_at(place, contents[place.tile]) for node, place in places.items()}


async def newest_log(place: Place, name: str) -> Log:
    """Returns the newest log at the second place; the first log, still empty, if none exists there yet."""
    number = 1
    while await Within(place, str(number + 1)).read(CHECKPOINT) is not None:
        number += 1
    return log_at(place, name, number)


def log_at(place: Place, name: str, number: int) -> Log:
    """Returns the log with this number. `name` is the name of the installation's signing key."""
    return Log(number, log_name(name, number), Within(place, str(number)))


def log_name(name: str, number: int) -> str:
    """Returns the origin (the name in checkpoints) of the log with this number."""
    return name if number == 1 else f"{name}/{number}"


def _is_of_tree(note: Note, checkpoint: Checkpoint) -> bool:
    """Returns whether the note states the same tree as `checkpoint`; their lines about chained rows may differ."""
    kept = Checkpoint.read(note.text)
    lines = [[line for line in one.extensions if not line.startswith(ROWS)] for one in (kept, checkpoint)]
    return (kept.origin, kept.size, kept.root, lines[0]) == (
        checkpoint.origin,
        checkpoint.size,
        checkpoint.root,
        lines[1],
    )


def _narrowed(tile: tl.Tile, full: bytes | None) -> bytes | None:
    if full is None:
        return None
    try:
        if tile.level == tl.ENTRIES:
            return tl.bundle_of(tl.entries_in(full, tl.WIDTH)[: tile.width])
    except tl.TileError:
        raise CheckpointError(Fault.DAMAGED, f"{tile.path} at the second place is damaged") from None
    return full[: tile.width * tr.HASH_BYTES]
