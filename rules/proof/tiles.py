"""The tree as files (C2SP tlog-tiles): tiles of 256 hashes, eight levels high, and bundles of 256 entries."""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from rules.proof.tree import HASH_BYTES, Node, joined, leaf_hash

WIDTH: Final = 256
HEIGHT: Final = 8
ENTRIES: Final = -1
"""The `level` of a `Tile` that is a bundle of entries."""

_length: Final = struct.Struct(">H")


class TileError(ValueError):
    """The bytes are not a valid tile or bundle."""


class Tile(NamedTuple):
    """A tile or a bundle of entries: its level, its number within the level, and its width, 1 to 256."""

    level: int
    number: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """The path of the tile among the files."""
        digits = f"{self.number:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        number = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
        level = "entries" if self.level == ENTRIES else str(self.level)
        return f"tile/{level}/{number}" + ("" if self.width == WIDTH else f".p/{self.width}")


class Place(NamedTuple):
    """The location of a complete subtree's hash, which is the root over `hashes` adjacent hashes of a tile."""

    tile: Tile
    first: int
    hashes: int


def place_of(node: Node, size: int) -> Place:
    """The location of a node's hash in the tiles of a tree with `size` leaves."""
    level, index = node
    tile_level, height = divmod(level, HEIGHT)
    number, first = divmod(index << height, WIDTH)
    return Place(tile_at(tile_level, number, size), first, 1 << height)


def tile_at(level: int, number: int, size: int) -> Tile:
    """The tile or bundle of this number in a tree with `size` leaves; it may be partly filled."""
    filled = size >> HEIGHT * max(level, 0)
    return Tile(level, number, min(WIDTH, filled - number * WIDTH))


def edge(size: int) -> list[Tile]:
    """The partly filled bundle and tiles of a tree with `size` leaves, from the entries up."""
    levels = range(-(-size.bit_length() // HEIGHT))
    tiles = (tile_at(level, (size >> HEIGHT * max(level, 0)) // WIDTH, size) for level in (ENTRIES, *levels))
    return [tile for tile in tiles if tile.width]


def hash_at(place: Place, content: bytes) -> bytes:
    """The hash of the node at this location; `content` is the content of the tile."""
    hashes = hashes_in(content, place.tile.width)[place.first : place.first + place.hashes]
    while len(hashes) > 1:
        hashes = [joined(hashes[at : at + 2]) for at in range(0, len(hashes), 2)]
    return hashes[0]


def hashes_in(content: bytes, width: int) -> list[bytes]:
    """The hashes of a tile. Raises `TileError` unless their number is `width`."""
    if len(content) != width * HASH_BYTES:
        raise TileError("a tile has not as many hashes as it is wide")
    return [content[at : at + HASH_BYTES] for at in range(0, len(content), HASH_BYTES)]


def bundle_of(entries: Iterable[bytes]) -> bytes:
    """The bytes of a bundle: each entry, preceded by its length."""
    return b"".join(_length.pack(len(entry)) + entry for entry in entries)


def entries_in(content: bytes, width: int) -> list[bytes]:
    """The entries of a bundle. Raises `TileError` unless their number is `width`."""
    entries: list[bytes] = []
    at = 0
    while at < len(content):
        try:
            (length,) = _length.unpack_from(content, at)
        except struct.error:
            raise TileError("a bundle ends within a length") from None
        at += _length.size
        if at + length > len(content):
            raise TileError("a bundle ends within an entry")
        entries.append(content[at : at + length])
        at += length
    if len(entries) != width:
        raise TileError("a bundle has not as many entries as it is wide")
    return entries


@dataclass
class Growth:
    """A tree that grows in tiles: its size, the entries of the unfinished bundle, and by level the unfinished tiles."""

    size: int = 0
    entries: list[bytes] = field(default_factory=list)
    hashes: list[list[bytes]] = field(default_factory=list)

    @classmethod
    def after(cls, size: int, contents: Sequence[tuple[Tile, bytes]]) -> "Growth":
        """Continues a tree with `size` leaves, from the bytes of each tile of `edge(size)`. Raises `TileError`."""
        grown = cls(size)
        for tile, content in contents:
            if tile.level == ENTRIES:
                grown.entries = entries_in(content, tile.width)
            else:
                grown.hashes += [[] for _ in range(tile.level + 1 - len(grown.hashes))]
                grown.hashes[tile.level] = hashes_in(content, tile.width)
        return grown

    def add(self, entry: bytes) -> Iterator[tuple[Tile, bytes]]:
        """Adds an entry, and yields the bundle and the tiles that become full."""
        self.entries.append(entry)
        self.size += 1
        number, over = divmod(self.size, WIDTH)
        full: bytes | None = leaf_hash(entry)
        if not over:
            yield Tile(ENTRIES, number - 1), bundle_of(self.entries)
            self.entries = []
        level = 0
        while full is not None:
            if level == len(self.hashes):
                self.hashes.append([])
            self.hashes[level].append(full)
            full = None
            if len(self.hashes[level]) == WIDTH:
                number = (self.size >> HEIGHT * (level + 1)) - 1
                content = b"".join(self.hashes[level])
                yield Tile(level, number), content
                full = hash_at(Place(Tile(level, number), 0, WIDTH), content)
                self.hashes[level] = []
            level += 1

    def edge(self) -> Iterator[tuple[Tile, bytes]]:
        """The partly filled bundle and tiles, each with its bytes."""
        for tile in edge(self.size):
            if tile.level == ENTRIES:
                yield tile, bundle_of(self.entries)
            else:
                yield tile, b"".join(self.hashes[tile.level])
