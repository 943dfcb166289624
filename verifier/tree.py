"""The Merkle tree of RFC 6962, section 2. Hashes are 32 bytes of SHA-256."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Final, TypeAlias

EMPTY_ROOT: Final = sha256().digest()
HASH_BYTES: Final = 32

Node: TypeAlias = tuple[int, int]
"""`(level, index)`: the root over the leaves from `index << level` up to, but without, `(index + 1) << level`."""


def leaf_hash(data: bytes) -> bytes:
    """Returns the hash of a leaf."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Returns the hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """A growing tree, stored as the roots of its complete subtrees, ordered from left to right, large to small."""

    def __init__(self) -> None:
        self.size = 0
        self._roots: list[bytes] = []

    def add(self, root: bytes, level: int = 0) -> None:
        """Adds a complete subtree with this root, or one leaf if `level` is 0.

        The present size must be a multiple of the subtree's size.
        """
        filled = self.size >> level
        while filled & 1:
            root = node_hash(self._roots.pop(), root)
            filled >>= 1
        self._roots.append(root)
        self.size += 1 << level

    def root(self) -> bytes:
        """Returns the root of the present tree."""
        if not self._roots:
            return EMPTY_ROOT
        *before, root = self._roots
        for left in reversed(before):
            root = node_hash(left, root)
        return root


def nodes_between(start: int, end: int) -> Iterator[Node]:
    """Yields the complete subtrees, each as large as possible, that extend a tree of `start` leaves to `end`."""
    while start < end:
        level = min(((start & -start) or end).bit_length(), (end - start).bit_length()) - 1
        yield level, start >> level
        start += 1 << level


def root_by(path: Sequence[bytes], leaf: bytes, index: int, size: int) -> bytes:
    """Returns the root of a tree of this size, computed from a leaf and its path (2.1.1). Raises `ValueError`."""
    if not 0 <= index < size:
        raise ValueError("there is no such place")
    if any(len(one) != HASH_BYTES for one in (leaf, *path)):
        raise ValueError("it has other things than hashes")
    hashes = iter(path)
    try:
        root = _climbed(hashes, leaf, index, size)
    except StopIteration:
        raise ValueError("it is too short") from None
    if next(hashes, None) is not None:
        raise ValueError("it is too long")
    return root


def _climbed(hashes: Iterator[bytes], leaf: bytes, index: int, size: int) -> bytes:
    if size == 1:
        return leaf
    left = 1 << (size - 1).bit_length() - 1
    if index < left:
        root = _climbed(hashes, leaf, index, left)
        return node_hash(root, next(hashes))
    root = _climbed(hashes, leaf, index - left, size - left)
    return node_hash(next(hashes), root)
