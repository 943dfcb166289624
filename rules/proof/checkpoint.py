"""Checkpoints (C2SP tlog-checkpoint): a log's size and root as the text of a signed note; proofs for a checkpoint."""

import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from rules.proof.note import Note, NoteError
from rules.proof.tree import HASH_BYTES

ROWS: Final = "rows "
"""The beginning of the line that states the last batch of chained rows: its number and its hash in hex follow."""

_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint of the log `origin`: the number of its events, and the root of the tree over them, 32 bytes.

    `extensions`: further lines, whose content the log decides.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The checkpoint as the text of a note."""
        root = b64encode(self.root).decode()
        return "".join(f"{line}\n" for line in (self.origin, str(self.size), root, *self.extensions))

    @classmethod
    def read(cls, text: str) -> Self:
        """The checkpoint in this text. Raises `NoteError`."""
        *lines, rest = text.split("\n")
        try:
            origin, size, root, *extensions = lines
            found = cls(origin, int(size), b64decode(root, validate=True), tuple(extensions))
        except ValueError:
            raise NoteError("not a checkpoint") from None
        whole = not rest and all(lines) and _SIZE.fullmatch(size) is not None and len(found.root) == HASH_BYTES
        if not whole or found.text != text:
            raise NoteError("not a checkpoint")
        return found


def size_in(written: str) -> int | None:
    """The size that this text states; None if the text is not a decimal number without leading zeroes."""
    return int(written) if _SIZE.fullmatch(written) else None


def evidence(index: int, path: Sequence[bytes], checkpoint: Note) -> bytes:
    """The proof that entry `index` is in the tree of this checkpoint."""
    lines = ["c2sp.org/tlog-proof@v1", f"index {index}", *(b64encode(one).decode() for one in path), "", ""]
    return "\n".join(lines).encode() + bytes(checkpoint)
