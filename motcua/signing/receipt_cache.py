"""A client's memory of the commands it sent, so that a repeated command needs no running workflow."""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from motcua.contract import Receipt
from motcua.errors import RefusedError

K = TypeVar("K")
V = TypeVar("V")

_MOST: Final = 1_000
"""The number of latest commands, and of latest streams, that it remembers.

The platform has the receipts of older ones.
"""


class Known:
    """The receipts of the last commands, and the commands that were sent without an answer."""

    def __init__(self) -> None:
        self._sent: OrderedDict[tuple[str, str], Receipt | None] = OrderedDict()
        self._seen: OrderedDict[str, int] = OrderedDict()

    def seen_seq(self, stream: str) -> int:
        """Returns the highest event number in this stream's receipts; 0 if none is known.

        The next actor has seen the stream up to that event. The workflow may have lost it again, since a receipt may
        come from the record.
        """
        return self._seen.get(stream, 0)

    def receipt(self, stream: str, command_id: str) -> Receipt | None:
        """Returns the command's receipt, which never changes; None if there is none yet."""
        return self._sent.get((stream, command_id))

    def is_open(self, stream: str, command_id: str) -> bool:
        """Returns True if the command was sent before and got no answer. In that case the record is queried first."""
        key = (stream, command_id)
        return key in self._sent and self._sent[key] is None

    def keep(self, stream: str, command_id: str, receipt: Receipt | None) -> None:
        """Remember the receipt, or, with None, that there was no answer."""
        _put(self._sent, (stream, command_id), receipt)
        if receipt is not None:
            _put(self._seen, stream, max(receipt.seq, self.seen_seq(stream)))

    @contextmanager
    def asking(self, stream: str, command_id: str) -> Iterator[None]:
        """Surrounds a call.

        If the call ends without an answer, for example because it is cancelled, the command stays open.
        """
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
