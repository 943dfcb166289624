"""The offline proof that an event is in a log (C2SP tlog-proof): its index, a path, and the checkpoint."""

from base64 import b64encode
from collections.abc import Sequence
from typing import Final

from rules.proof.note import Note

HEADER: Final = "c2sp.org/tlog-proof@v1"


def evidence(index: int, path: Sequence[bytes], checkpoint: Note) -> bytes:
    """The proof that entry `index` is in the tree of this checkpoint."""
    lines = [HEADER, f"index {index}", *(b64encode(one).decode() for one in path), "", ""]
    return "\n".join(lines).encode() + bytes(checkpoint)
