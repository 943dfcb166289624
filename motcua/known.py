"""What a client knows of what it sent: a repeat of it then asks no running workflow."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from .contract import Receipt
from .errors import RefusedError

K = TypeVar("K")
V = TypeVar("V")

_MOST: Final = 1_000
"""Commands that are kept in mind, and streams, the last ones; of an older one the platform knows the receipt."""


class Known:
    """The receipts of the last commands, and which of them were sent and had no answer."""

    def __init__(self) -> None:
        self._sent: OrderedDict[tuple[str, str], Receipt | None] = OrderedDict()
        self._seen: OrderedDict[str, int] = OrderedDict()

    def seen_seq(self, stream: str) -> int:
        """How far the stream had come by the last receipt from it; 0 where none is known.

        Who acts next has seen that much, even if the workflow has lost it again (a receipt may come from the record).
        """
        return self._seen.get(stream, 0)

    def receipt(self, stream: str, command_id: str) -> Receipt | None:
        """The receipt, which never changes once there is one."""
        return self._sent.get((stream, command_id))

    def is_open(self, stream: str, command_id: str) -> bool:
        """Whether an earlier try sent this and never heard what became of it: then the record is asked first."""
        key = (stream, command_id)
        return key in self._sent and self._sent[key] is None

    def keep(self, stream: str, command_id: str, receipt: Receipt | None) -> None:
        """Keep the receipt in mind, or that there was no answer."""
        _put(self._sent, (stream, command_id), receipt)
        if receipt is not None:
            _put(self._seen, stream, max(receipt.seq, self.seen_seq(stream)))

    @contextmanager
    def asking(self, stream: str, command_id: str) -> Iterator[None]:
        """While a call is under way. One that ends without an answer, cancelled for instance, leaves it open."""
        try:
            yield
        except RefusedError:
            self._sent.pop((stream, command_id), None)
            raise
        except BaseException:
            self.keep(stream, command_id, None)
            raise


def _put(cache: OrderedDict[K, V], key: K, value: V) -> None:
    cache[key] = value
    cache.move_to_end(key)
    if len(cache) > _MOST:
        cache.popitem(last=False)
