"""A workflow's memory of recorded commands: recent receipts in full, and a small mark of each older one.

If a command id comes again, `recording` compares the contents of the two commands.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from schemas.stream.ledger import Receipt

RECENT: Final = 100
"""The number of newest receipts kept in full; the first receipt is kept too."""

_MARK: Final = 8
"""The length of a mark in bytes: a mark is the beginning of the hash of a command id."""


class Receipts:
    """The receipts of a stream's first and newest commands, and a mark of each older one.

    The validator admits a command that may have a receipt. The log, which holds all receipts, then decides.
    """

    def __init__(self, receipts: Iterable[Receipt] = (), older: str = "") -> None:
        marks = b64decode(older)
        self._older = {marks[start : start + _MARK] for start in range(0, len(marks), _MARK)}
        self._kept: dict[str, Receipt] = {}
        self.add(receipts)

    def __getitem__(self, command_id: str) -> Receipt:
        return self._kept[command_id]

    def __contains__(self, command_id: str) -> bool:
        return command_id in self._kept

    def get(self, command_id: str) -> Receipt | None:
        """Returns the command's receipt if it is kept in full, else None."""
        return self._kept.get(command_id)

    def may_hold(self, command_id: str) -> bool:
        """Returns whether the command may have a receipt. For each mark, the chance of a wrong True is 1 in 10^19."""
        return command_id in self._kept or _mark(command_id) in self._older

    def add(self, receipts: Iterable[Receipt]) -> None:
        """Adds receipts. Keeps the first and the `RECENT` newest ones; of every other receipt, keeps only a mark."""
        self._kept |= {receipt.command_id: receipt for receipt in receipts}
        for command_id in list(self._kept)[1 : max(len(self._kept) - RECENT, 1)]:
            del self._kept[command_id]
            self._older.add(_mark(command_id))

    @property
    def kept(self) -> tuple[Receipt, ...]:
        """The receipts that are kept in full."""
        return tuple(self._kept.values())

    @property
    def older(self) -> str:
        """The marks of the older receipts, in base64."""
        return b64encode(b"".join(sorted(self._older))).decode()


def _mark(command_id: str) -> bytes:
    return sha256(command_id.encode()).digest()[:_MARK]
