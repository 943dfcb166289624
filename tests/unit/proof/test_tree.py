"""Roots, paths and proofs of RFC 6962, by the published vectors of Certificate Transparency and all small trees."""

from hashlib import sha256
from itertools import pairwise
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.proof import tiles, tree
from rules.proof.tree import (
    EMPTY_ROOT,
    Node,
    ProofError,
    consistency_ranges,
    inclusion_ranges,
    joined,
    leaf_hash,
    node_hash,
    nodes_of,
    proof,
    verify_consistency,
)
from verifier.tree import Tree, root_by

LEAVES: Final = [
    bytes.fromhex(one)
    for one in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS: Final = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION: Final[dict[tuple[int, int], list[str]]] = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY: Final[dict[tuple[int, int], list[str]]] = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
MANY: Final = [leaf_hash(n.to_bytes(2, "big")) for n in range(70)]


def mth(hashes: list[bytes]) -> bytes:
    """Returns the root of a tree, computed literally as in section 2.1 of RFC 6962."""
    if len(hashes) < 2:
        return hashes[0] if hashes else EMPTY_ROOT
    k = 1 << (len(hashes) - 1).bit_length() - 1
    return sha256(b"\x01" + mth(hashes[:k]) + mth(hashes[k:])).digest()


def of(hashes: list[bytes]) -> Tree:
    tree = Tree()
    for one in hashes:
        tree.add(one)
    return tree


def hash_in(hashes: list[bytes]) -> dict[Node, bytes]:
    level, found = 0, {(0, index): one for index, one in enumerate(hashes)}
    row = hashes
    while len(row) > 1:
        level += 1
        row = [node_hash(a, b) for a, b in zip(row[::2], row[1::2], strict=False)]
        found |= {(level, index): one for index, one in enumerate(row)}
    return found


@pytest.mark.parametrize("size", range(9))
def test_the_known_roots(size: int) -> None:
    assert of(list(map(leaf_hash, LEAVES[:size]))).root().hex() == ROOTS[size]


@pytest.mark.parametrize(("place", "path"), INCLUSION.items())
def test_the_known_paths(place: tuple[int, int], path: list[str]) -> None:
    index, size = place
    hashes = list(map(leaf_hash, LEAVES))
    made = proof(inclusion_ranges(index, size), hash_in(hashes).__getitem__)
    assert [one.hex() for one in made] == path
    assert root_by(made, hashes[index], index, size).hex() == ROOTS[size]


@pytest.mark.parametrize(("sizes", "path"), CONSISTENCY.items())
def test_the_known_proofs_of_consistency(sizes: tuple[int, int], path: list[str]) -> None:
    old, size = sizes
    made = proof(consistency_ranges(old, size), hash_in(list(map(leaf_hash, LEAVES))).__getitem__)
    assert [one.hex() for one in made] == path
    verify_consistency(old, bytes.fromhex(ROOTS[old]), size, bytes.fromhex(ROOTS[size]), made)


def test_every_small_tree() -> None:
    nodes = hash_in(MANY)
    roots = [of(MANY[:size]).root() for size in range(len(MANY) + 1)]
    for size in range(1, len(MANY) + 1):
        assert roots[size] == mth(MANY[:size])
        assert joined([nodes[one] for one in nodes_of((0, size))]) == roots[size]
        for index in range(size):
            path = proof(inclusion_ranges(index, size), nodes.__getitem__)
            assert root_by(path, MANY[index], index, size) == roots[size]
        for old in range(size + 1):
            path = proof(consistency_ranges(old, size), nodes.__getitem__)
            verify_consistency(old, roots[old], size, roots[size], path)


def proves(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    try:
        return root_by(path, leaf, index, size) == root
    except ValueError:
        return False


@given(st.integers(1, 70), st.data())
def test_nothing_else_is_proved(size: int, data: st.DataObject) -> None:
    nodes, root = hash_in(MANY), of(MANY[:size]).root()
    index = data.draw(st.integers(0, size - 1))
    path = proof(inclusion_ranges(index, size), nodes.__getitem__)
    other = data.draw(st.sampled_from([place for place in range(size + 1) if place != index]))
    for wrong in (
        (MANY[index], other, size, path, root),
        (leaf_hash(b"another"), index, size, path, root),
        (MANY[index], index, size, [*path, root], root),
        (MANY[index], index, size, path, EMPTY_ROOT),
        (MANY[index], index, size, [EMPTY_ROOT, *path[1:]] if path else [EMPTY_ROOT], root),
    ):
        assert not proves(*wrong)


@given(st.integers(1, 69), st.data())
def test_a_rewritten_tree_is_not_consistent(old: int, data: st.DataObject) -> None:
    size = data.draw(st.integers(old + 1, 70))
    place = data.draw(st.integers(0, old - 1))
    changed = [*MANY[:place], leaf_hash(b"another"), *MANY[place + 1 :]]
    before, after = of(MANY[:old]).root(), of(changed[:size]).root()
    for nodes in (hash_in(MANY), hash_in(changed)):
        with pytest.raises(ProofError):
            verify_consistency(old, before, size, after, proof(consistency_ranges(old, size), nodes.__getitem__))


def test_what_makes_no_sense() -> None:
    for index, size in ((0, 0), (1, 1), (-1, 1)):
        with pytest.raises(ProofError):
            inclusion_ranges(index, size)
    with pytest.raises(ProofError):
        consistency_ranges(2, 1)
    with pytest.raises(ProofError):
        verify_consistency(2, EMPTY_ROOT, 1, EMPTY_ROOT, [])
    with pytest.raises(ProofError):
        verify_consistency(1, MANY[0], 2, MANY[1], [])
    with pytest.raises(ProofError):
        verify_consistency(0, MANY[0], 2, MANY[1], [])
    assert all(a != b for a, b in pairwise(MANY))


DATA: Final = [tree.Leaf(f"filing:{n}", n % 7 + 1, leaf_hash(b"%d" % n)).data for n in range(1200)]


def grown(size: int, by: int) -> tuple[dict[tiles.Tile, bytes], list[int]]:
    """Returns the tiles of a tree that grew to this size by `by` leaves at a time, and its sizes on the way."""
    kept: dict[tiles.Tile, bytes] = {}
    sizes = [0]
    while sizes[-1] < size:
        tree = tiles.Growth.after(sizes[-1], [(tile, kept[tile]) for tile in tiles.edge(sizes[-1])])
        for entry in DATA[tree.size : min(tree.size + by, size)]:
            for tile, content in tree.add(entry):
                assert kept.setdefault(tile, content) == content
        for tile, content in tree.edge():
            assert kept.setdefault(tile, content) == content
        sizes.append(tree.size)
    return kept, sizes


def test_the_paths_and_widths_of_the_specification() -> None:
    assert tiles.Tile(0, 1234067).path == "tile/0/x001/x234/067"
    assert tiles.Tile(1, 5, 17).path == "tile/1/005.p/17"
    assert tiles.Tile(tiles.ENTRIES, 1000).path == "tile/entries/x001/000"
    assert tiles.edge(70_000) == [
        tiles.Tile(tiles.ENTRIES, 273, 112),
        tiles.Tile(0, 273, 112),
        tiles.Tile(1, 1, 17),
        tiles.Tile(2, 0, 1),
    ]
    assert tiles.edge(256) == [tiles.Tile(1, 0, 1)]
    assert tiles.edge(0) == []


@pytest.mark.parametrize("by", [1, 3, 255, 256, 257, 1200])
def test_a_tree_grows_into_the_same_tiles(by: int) -> None:
    kept, sizes = grown(1200, by)
    for size in sizes:
        whole = Tree()
        for entry in DATA[:size]:
            whole.add(leaf_hash(entry))
        places = [tiles.place_of(node, size) for node in nodes_of((0, size))]
        assert joined([tiles.hash_at(place, kept[place.tile]) for place in places]) == whole.root()


@given(st.integers(1, 1200), st.data())
def test_every_proof_is_found_in_the_tiles(size: int, data: st.DataObject) -> None:
    kept, _ = _WHOLE
    old = data.draw(st.integers(0, size))
    for node in (node for leaves in consistency_ranges(old, size) for node in nodes_of(leaves)):
        place = tiles.place_of(node, 1200)
        level, index = node
        whole = Tree()
        for entry in DATA[index << level : index + 1 << level]:
            whole.add(leaf_hash(entry))
        assert tiles.hash_at(place, kept[place.tile]) == whole.root()


_WHOLE: Final = grown(1200, 1200)


def test_bundles() -> None:
    assert tiles.entries_in(tiles.bundle_of(DATA[:3]), 3) == DATA[:3]
    assert tiles.bundle_of([b"ab", b""]) == b"\x00\x02ab\x00\x00"
    for broken in (b"\x00", b"\x00\x02a", b"\x00\x01a\x00\x01b", b""):
        with pytest.raises(tiles.TileError):
            tiles.entries_in(broken, 1)
    with pytest.raises(tiles.TileError):
        tiles.hashes_in(bytes(33), 1)


def test_a_leaf() -> None:
    assert tree.Leaf("filing:é", 258, bytes(range(32))).data.hex() == (
        "00000009" + "filing:é".encode().hex() + "00000008" + "0000000000000102" + "00000020" + bytes(range(32)).hex()
    )
