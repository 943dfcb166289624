"""Readings: answers that activities of this process read from the record, and on which later events depend.

The answer of a local activity is stored in Temporal's history, where a stranger who takes our workflow tasks can
replace it. So a batch names the readings on which it depends, and is written only if the append's process made them.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any, Final

from pydantic_core import to_json

from schemas.base import Sha256

_LASTS: Final = 600.0
"""The seconds for which a reading counts: files may be examined between the reading and the append."""
_MOST: Final = 20_000


def reading_digest(activity: str, request: Any, answer: Any) -> Sha256:
    """Returns the digest, in hex, over the activity's name, the request and the answer."""
    return hashlib.sha256(b"\n".join((activity.encode(), to_json(request), to_json(answer)))).hexdigest()


class Readings:
    """The digests of recent readings: of the last ten minutes, at most the latest 20,000."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._read: OrderedDict[Sha256, float] = OrderedDict()

    def keep(self, digest: Sha256) -> None:
        """Remembers a reading that this process has just made."""
        self._read[digest] = self._clock()
        self._read.move_to_end(digest)
        if len(self._read) > _MOST:
            self._read.popitem(last=False)

    def hold(self, digests: Iterable[Sha256]) -> bool:
        """Returns whether this process has made all these readings recently."""
        since = self._clock() - _LASTS
        return all(self._read.get(digest, since) > since for digest in digests)
