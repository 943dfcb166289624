"""Evidence: entries that the log must hold before an event about another stream is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Entry:
    """A required event among those of the filing and of all its other streams.

    Attributes:
        kinds: The event is of one of these kinds.
        fields: It has these fields with these values, among others.
        stream: The stream that holds it; None: any stream of the filing.
        absent: There must be no such event.
        after: An earlier event in its stream.
    """

    kinds: tuple[str, ...]
    fields: Mapping[str, Any] = field(default_factory=dict)
    stream: str | None = None
    absent: bool = False
    after: Entry | None = None


Evidence = tuple[tuple[Entry, ...], ...]
"""Alternatives: one of them is enough, with all of its entries."""
