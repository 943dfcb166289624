"""The memory of a worker process."""

import gc
from typing import Final

THRESHOLDS: Final = (50_000, 20, 100)
"""The thresholds of garbage collection. They are high, since a worker caches a thousand workflows.

Scanning these after every few hundred new objects would take an eighth of the worker's time (docs/performance.md).
"""


def settle() -> None:
    """Exempts all objects that exist by now from garbage collection, and makes collections less frequent."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
