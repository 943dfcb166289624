"""What a workflow remembers of the commands that were recorded: a little, however many there were."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from schemas.stream.ledger import Receipt

RECENT: Final = 100
"""So many receipts are kept whole, beside the first."""

_MARK: Final = 8
"""Bytes that are kept of the hash of an older command's id."""


class Receipts:
    """The receipts of a stream's first command and of its newest ones; of the others, that there may be one.

    What may be there passes the validator, and the log answers: it has them all.
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
        """The receipt, if it is kept."""
        return self._kept.get(command_id)

    def may_hold(self, command_id: str) -> bool:
        """Whether there is a receipt, as far as is remembered; of some 10^19 ids one is taken for another."""
        return command_id in self._kept or _mark(command_id) in self._older

    def add(self, receipts: Iterable[Receipt]) -> None:
        """Keep these, and of those that are too many now a mark."""
        self._kept |= {receipt.command_id: receipt for receipt in receipts}
        for command_id in list(self._kept)[1 : max(len(self._kept) - RECENT, 1)]:
            del self._kept[command_id]
            self._older.add(_mark(command_id))

    @property
    def kept(self) -> tuple[Receipt, ...]:
        """Those that are kept whole."""
        return tuple(self._kept.values())

    @property
    def older(self) -> str:
        """The marks of the others, in base64."""
        return b64encode(b"".join(sorted(self._older))).decode()


def _mark(command_id: str) -> bytes:
    return sha256(command_id.encode()).digest()[:_MARK]
