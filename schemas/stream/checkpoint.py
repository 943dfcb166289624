"""Checkpoints of the whole record: their schedule, and their content."""

from typing import Final

from ..base import Model

CHECKPOINT: Final = "Checkpoint"
"""The workflow that makes a checkpoint."""

SCHEDULE: Final = "checkpoint"
"""The schedule, and the prefix of its workflows' ids."""

MAKE: Final = "ledger.checkpoint"
"""The activity that makes a checkpoint."""


class Made(Model):
    """A checkpoint: its log, the number of events, the root of their tree in hex, and the number of cosignatures.

    Without events, `size` is 0 and there is no root.
    """

    origin: str
    size: int
    root: str | None = None
    cosigned: int = 0
