"""What stands at a place of the log: the stream, seq and hash of an event, as `docs/ledger.md` writes fields."""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

_length: Final = struct.Struct(">I")
_seq_and_hash: Final = struct.Struct(">IQI32s")
_SEQ_BYTES: Final = 8
_HASH_BYTES: Final = 32


class LeafError(ValueError):
    """The bytes are no leaf of the log."""


class Leaf(NamedTuple):
    """An event at a position."""

    stream: str
    seq: int
    hash: bytes

    @property
    def data(self) -> bytes:
        """`field(stream) ‖ field(seq) ‖ field(hash)`."""
        stream = self.stream.encode()
        return _length.pack(len(stream)) + stream + _seq_and_hash.pack(_SEQ_BYTES, self.seq, _HASH_BYTES, self.hash)


def read(data: bytes) -> Leaf:
    """The event of a leaf. Raises `LeafError`."""
    try:
        (length,) = _length.unpack_from(data)
        stream = data[_length.size : _length.size + length].decode()
        seq_bytes, seq, hash_bytes, digest = _seq_and_hash.unpack(data[_length.size + length :])
    except (struct.error, UnicodeDecodeError):
        raise LeafError("not the leaf of an event") from None
    if (seq_bytes, hash_bytes) != (_SEQ_BYTES, _HASH_BYTES):
        raise LeafError("not the leaf of an event")
    return Leaf(stream, seq, digest)
