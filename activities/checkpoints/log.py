"""One log in the second place, the store outside of the database that keeps checkpoints, laid out as C2SP tlog-tiles.

Each origin has a folder `<n>/`, with n from 1: `tile/…` and `checkpoint` (the newest); and, in addition to tlog-tiles,
`checkpoints/<size>` (every one) and `stamps/<size>` (its time-stamp, RFC 3161, DER).
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final, NamedTuple

from activities.checkpoints.place import CheckpointError, Fault, Place, Within
from rules.proof.checkpoint import Checkpoint
from rules.proof.note import Note, NoteError, Verifier, read_note, signers
from rules.proof.tiles import (
    ENTRIES,
    WIDTH,
    Growth,
    Tile,
    TileError,
    bundle_of,
    edge,
    entries_in,
    hash_at,
    place_of,
    tile_at,
)
from rules.proof.tree import (
    HASH_BYTES,
    Node,
    Range,
    consistency_ranges,
    frontier_nodes,
    inclusion_ranges,
    joined,
    nodes_of,
    proof,
)

CHECKPOINT: Final = "checkpoint"
HISTORY: Final = "checkpoints"
STAMPS: Final = "stamps"


class Published(NamedTuple):
    """A checkpoint, and the signed note that contains it."""

    checkpoint: Checkpoint
    note: Note


@dataclass(frozen=True)
class Log:
    """The log of one origin. `number` is the number of its folder, `origin` its name, `place` its files."""

    number: int
    origin: str
    place: Place

    async def newest(self, key: Verifier) -> Published | None:
        """Returns the newest checkpoint, or None. Raises `CheckpointError` if the log's key has not signed it."""
        return await self._published(CHECKPOINT, key)

    async def publish(self, published: Published) -> Published:
        """Stores a checkpoint and makes it the newest. An existing checkpoint of that size is kept instead."""
        content = bytes(published.note)
        path = f"{HISTORY}/{published.checkpoint.size}"
        if not await self.place.add(path, content):
            kept = await self.place.read(path)
            if kept is None or read_note(kept).text != published.note.text:
                raise CheckpointError(Fault.OTHER_CONTENT, f"{path} at the second place is another checkpoint")
            content = kept
        await self.place.replace(CHECKPOINT, content)
        return Published(published.checkpoint, read_note(content))

    async def tree(self, size: int) -> Growth:
        """Returns the tree of that size, ready to be extended. Raises `CheckpointError`."""
        tiles = edge(size)
        contents = await asyncio.gather(*map(self.tile, tiles))
        return Growth.after(size, list(zip(tiles, contents, strict=True)))

    async def root(self, size: int) -> bytes:
        """The root of the tree of that size, calculated from the tiles. Raises `CheckpointError`."""
        return joined(list((await self._hashes(frontier_nodes(size), size)).values()))

    async def inclusion(self, index: int, size: int) -> list[bytes]:
        """Returns the inclusion proof of a leaf in the tree of that size. Raises `CheckpointError`."""
        return await self._proof(inclusion_ranges(index, size), size)

    async def consistency(self, old: int, size: int) -> list[bytes]:
        """Returns the proof that the tree of that size extends the old one. Raises `CheckpointError`."""
        return await self._proof(consistency_ranges(old, size), size)

    async def entries(self, number: int, size: int) -> list[bytes]:
        """Returns a bundle of the tree of that size: its leaves from `number * 256` on. Raises `CheckpointError`."""
        tile = tile_at(ENTRIES, number, size)
        return entries_in(await self.tile(tile), tile.width)

    async def tile(self, tile: Tile) -> bytes:
        """Returns the tile's content in the requested width. Raises `CheckpointError`."""
        content = await self.place.read(tile.path)
        if content is None and tile.width < WIDTH:
            content = _narrowed(tile, await self.place.read(tile._replace(width=WIDTH).path))
        if content is None:
            raise CheckpointError(Fault.MISSING, f"{tile.path} at the second place is missing")
        if tile.level != ENTRIES and len(content) != tile.width * HASH_BYTES:
            raise CheckpointError(Fault.DAMAGED, f"{tile.path} at the second place is damaged")
        return content

    async def _proof(self, ranges: Sequence[Range], size: int) -> list[bytes]:
        nodes = [node for leaves in ranges for node in nodes_of(leaves)]
        return proof(ranges, (await self._hashes(nodes, size)).__getitem__)

    async def _hashes(self, nodes: Iterable[Node], size: int) -> dict[Node, bytes]:
        places = {node: place_of(node, size) for node in nodes}
        tiles = list({place.tile for place in places.values()})
        contents = dict(zip(tiles, await asyncio.gather(*map(self.tile, tiles)), strict=True))
        return {node: hash_at(place, contents[place.tile]) for node, place in places.items()}

    async def _published(self, path: str, key: Verifier) -> Published | None:
        content = await self.place.read(path)
        if content is None:
            return None
        try:
            note = read_note(content)
            checkpoint = Checkpoint.read(note.text)
            ours = bool(signers(note, [key])) and checkpoint.origin == self.origin
        except NoteError:
            ours = False
        if not ours:
            raise CheckpointError(Fault.NOT_OURS, f"{path} at the second place is not signed by this log's key")
        return Published(checkpoint, note)


async def newest_log(place: Place, name: str) -> Log:
    """Returns the newest log at the second place; the first one if none exists there yet."""
    for number in count(1):
        if await Within(place, str(number + 1)).read(CHECKPOINT) is None:
            return log_at(place, name, number)
    raise AssertionError


def log_at(place: Place, name: str, number: int) -> Log:
    """Returns the `number`-th log of the installation whose signing key has this name."""
    return Log(number, log_name(name, number), Within(place, str(number)))


def log_name(name: str, number: int) -> str:
    """Returns the origin of the `number`-th log."""
    return name if number == 1 else f"{name}/{number}"


def _narrowed(tile: Tile, full: bytes | None) -> bytes | None:
    if full is None:
        return None
    try:
        if tile.level == ENTRIES:
            return bundle_of(entries_in(full, WIDTH)[: tile.width])
    except TileError:
        raise CheckpointError(Fault.DAMAGED, f"{tile.path} at the second place is damaged") from None
    return full[: tile.width * HASH_BYTES]
