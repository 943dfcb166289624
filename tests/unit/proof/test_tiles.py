"""The tree as files: the paths and widths that tlog-tiles gives as examples, and every node found again in them."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.proof import leaf
from rules.proof.tiles import (
    ENTRIES,
    Growth,
    Tile,
    TileError,
    bundle_of,
    edge,
    entries_in,
    hash_at,
    hashes_in,
    place_of,
)
from rules.proof.tree import consistency_ranges, frontier_nodes, joined, leaf_hash, nodes_of
from verifier.tree import Tree

DATA: Final = [leaf.Leaf(f"filing:{n}", n % 7 + 1, leaf_hash(b"%d" % n)).data for n in range(1200)]


def grown(size: int, by: int) -> tuple[dict[Tile, bytes], list[int]]:
    """The tiles of a tree of this size that was extended by so many each time, and the sizes on the way."""
    kept: dict[Tile, bytes] = {}
    sizes = [0]
    while sizes[-1] < size:
        tree = Growth.after(sizes[-1], [(tile, kept[tile]) for tile in edge(sizes[-1])])
        for entry in DATA[tree.size : min(tree.size + by, size)]:
            for tile, content in tree.add(entry):
                assert kept.setdefault(tile, content) == content
        for tile, content in tree.edge():
            assert kept.setdefault(tile, content) == content
        sizes.append(tree.size)
    return kept, sizes


def test_the_paths_of_the_specification() -> None:
    assert Tile(0, 1234067).path == "tile/0/x001/x234/067"
    assert Tile(1, 5, 17).path == "tile/1/005.p/17"
    assert Tile(ENTRIES, 1000).path == "tile/entries/x001/000"


def test_the_widths_of_the_specification() -> None:
    assert edge(70_000) == [Tile(ENTRIES, 273, 112), Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert edge(256) == [Tile(1, 0, 1)]
    assert edge(0) == []


@pytest.mark.parametrize("by", [1, 3, 255, 256, 257, 1200])
def test_a_tree_grows_into_the_same_tiles(by: int) -> None:
    kept, sizes = grown(1200, by)
    for size in sizes:
        whole = Tree()
        for entry in DATA[:size]:
            whole.add(leaf_hash(entry))
        places = [place_of(node, size) for node in frontier_nodes(size)]
        roots = [hash_at(place, kept[place.tile]) for place in places]
        assert joined(roots) == whole.root()


@given(st.integers(1, 1200), st.data())
def test_every_proof_is_found_in_the_tiles(size: int, data: st.DataObject) -> None:
    kept, _ = _WHOLE
    old = data.draw(st.integers(0, size))
    for node in (node for leaves in consistency_ranges(old, size) for node in nodes_of(leaves)):
        place = place_of(node, 1200)
        level, index = node
        whole = Tree()
        for entry in DATA[index << level : index + 1 << level]:
            whole.add(leaf_hash(entry))
        assert hash_at(place, kept[place.tile]) == whole.root()


_WHOLE: Final = grown(1200, 1200)


def test_bundles() -> None:
    assert entries_in(bundle_of(DATA[:3]), 3) == DATA[:3]
    assert bundle_of([b"ab", b""]) == b"\x00\x02ab\x00\x00"
    for broken in (b"\x00", b"\x00\x02a", b"\x00\x01a\x00\x01b", b""):
        with pytest.raises(TileError):
            entries_in(broken, 1)
    with pytest.raises(TileError):
        hashes_in(bytes(33), 1)


def test_a_leaf() -> None:
    one = leaf.Leaf("filing:é", 258, bytes(range(32)))
    assert one.data.hex() == (
        "00000009" + "filing:é".encode().hex() + "00000008" + "0000000000000102" + "00000020" + bytes(range(32)).hex()
    )
