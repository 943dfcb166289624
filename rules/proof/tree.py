"""The Merkle tree of RFC 6962, section 2: roots, proofs of inclusion and consistency, and their verification.

A tree of size n has the leaves 0 … n-1. A node `(level, index)` is the root of the complete subtree over the leaves
from `index << level` up to, and without, `(index + 1) << level`. Hashes are 32 bytes of SHA-256.
"""

import struct
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Final, NamedTuple, TypeAlias

Node: TypeAlias = tuple[int, int]
Range: TypeAlias = tuple[int, int]

EMPTY_ROOT: Final = sha256().digest()
HASH_BYTES: Final = 32


class ProofError(Exception):
    """The given hashes or sizes do not prove the claim."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


def joined(roots: Sequence[bytes]) -> bytes:
    """The root over adjacent complete subtrees; `roots` are their roots, from the largest subtree to the smallest."""
    if not roots:
        return EMPTY_ROOT
    *before, root = roots
    for left in reversed(before):
        root = node_hash(left, root)
    return root


def nodes_of(leaves: Range) -> list[Node]:
    """The complete subtrees, from left to right, of a range of leaves; the range must be a subtree in RFC 6962."""
    start, end = leaves
    found = []
    for level in reversed(range((end - start).bit_length())):
        if (end - start) >> level & 1:
            found.append((level, start >> level))
            start += 1 << level
    return found


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The subtrees whose roots prove that a tree with `size` leaves has leaf `index`, in the order of section 2.1.1.

    Raises `ProofError` if there is no such leaf.
    """
    if not 0 <= index < size:
        raise ProofError("there is no such leaf in this tree")
    start, end, found = 0, size, []
    while end - start > 1:
        split = start + _largest_power_below(end - start)
        if index < split:
            found.append((split, end))
            end = split
        else:
            found.append((start, split))
            start = split
    return found[::-1]


def consistency_ranges(old: int, size: int) -> list[Range]:
    """The subtrees whose roots prove that a tree with `size` leaves extends a tree with `old` leaves (section 2.1.2).

    Empty if `old` is 0 or equals `size`. Raises `ProofError` if the old tree is larger than the new one.
    """
    if not 0 <= old <= size:
        raise ProofError("the older tree is the larger one")
    if old == 0:
        return []
    start, end, whole, found = 0, size, True, []
    while old < end:
        split = start + _largest_power_below(end - start)
        if old <= split:
            found.append((split, end))
            end = split
        else:
            found.append((start, split))
            start, whole = split, False
    if not whole:
        found.append((start, end))
    return found[::-1]


def proof(ranges: Iterable[Range], hash_of: Callable[[Node], bytes]) -> list[bytes]:
    """The hashes of a proof, one for each range. `hash_of` gives the hash of a complete subtree."""
    return [joined(list(map(hash_of, nodes_of(leaves)))) for leaves in ranges]


def verify_consistency(old: int, old_root: bytes, size: int, root: bytes, path: Sequence[bytes]) -> None:
    """Raises `ProofError` unless `path` proves that the tree with `size` leaves extends the tree with `old` leaves."""
    if not 0 <= old <= size:
        raise ProofError("the older tree is the larger one")
    if old in {0, size}:
        if path or old_root != (root if old else EMPTY_ROOT):
            raise ProofError("the trees are not consistent")
        return
    if not path:
        raise ProofError("the proof of consistency is too short")
    before, after = _both_roots(old, size, [old_root, *path] if old & (old - 1) == 0 else path)
    if (before, after) != (old_root, root):
        raise ProofError("the trees are not consistent")


def _both_roots(old: int, size: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    node, last = old - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    before = after = path[0]
    for other in path[1:]:
        if last == 0:
            raise ProofError("the proof of consistency is too long")
        if node & 1 or node == last:
            before, after = node_hash(other, before), node_hash(other, after)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            after = node_hash(after, other)
        node, last = node >> 1, last >> 1
    if last:
        raise ProofError("the proof of consistency is too short")
    return before, after


def _largest_power_below(count: int) -> int:
    return 1 << (count - 1).bit_length() - 1


_length: Final = struct.Struct(">I")
_seq_and_hash: Final = struct.Struct(">IQI32s")
_SEQ_BYTES: Final = 8


class Leaf(NamedTuple):
    """An event at a position of the log."""

    stream: str
    seq: int
    hash: bytes

    @property
    def data(self) -> bytes:
        """The bytes of the leaf: `field(stream) ‖ field(seq) ‖ field(hash)`, each field after its length."""
        stream = self.stream.encode()
        return _length.pack(len(stream)) + stream + _seq_and_hash.pack(_SEQ_BYTES, self.seq, HASH_BYTES, self.hash)
