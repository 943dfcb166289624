"""The memory of a worker process."""

import gc
from typing import Final

THRESHOLDS: Final = (50_000, 20, 100)
"""The thresholds of garbage collection, higher because a worker caches a thousand workflows.

To scan these after every few hundred new objects would take an eighth of the worker's time (docs/performance.md).
"""


def settle() -> None:
    """Exempts all objects loaded by now from garbage collection, and makes collections less frequent."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
