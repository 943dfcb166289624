"""What must stand in the log before an event may be written that speaks of another stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Entry:
    """An event among those of the filing and of all its other streams.

    Attributes:
        kinds: It is of one of these kinds.
        fields: It has these fields with these values, among others.
        stream: It stands in this stream; without, in any of the filing's.
        absent: There must be none such.
        after: It stands later in its stream than this one.
    """

    kinds: tuple[str, ...]
    fields: Mapping[str, Any] = field(default_factory=dict)
    stream: str | None = None
    absent: bool = False
    after: Entry | None = None


Evidence = tuple[tuple[Entry, ...], ...]
"""Any of these is enough, each with all of its entries."""
