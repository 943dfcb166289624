"""A leaf of the log's tree: the stream, seq and hash of an event, in the field format of `docs/ledger.md`."""

import struct
from typing import Final, NamedTuple

_length: Final = struct.Struct(">I")
_seq_and_hash: Final = struct.Struct(">IQI32s")
_SEQ_BYTES: Final = 8
_HASH_BYTES: Final = 32


class Leaf(NamedTuple):
    """An event at a position of the log."""

    stream: str
    seq: int
    hash: bytes

    @property
    def data(self) -> bytes:
        """`field(stream) ‖ field(seq) ‖ field(hash)`."""
        stream = self.stream.encode()
        return _length.pack(len(stream)) + stream + _seq_and_hash.pack(_SEQ_BYTES, self.seq, _HASH_BYTES, self.hash)
