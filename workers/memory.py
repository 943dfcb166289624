"""The memory of a worker process."""

from __future__ import annotations

import gc
from typing import Final

THRESHOLDS: Final = (50_000, 20, 100)
"""A worker keeps a thousand workflows in memory: to look them through after every few hundred new objects takes an
eighth of its time (docs/performance.md)."""


def settle() -> None:
    """What is loaded by now stays: the garbage collector leaves it alone, and looks through the rest less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
