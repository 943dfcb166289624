"""Checkpoints of the whole record: their schedule, and their content."""

from typing import Final

from ..base import Model

CHECKPOINT: Final = "Checkpoint"
"""The workflow that makes a checkpoint."""

SCHEDULE: Final = "checkpoint"
"""The id of the schedule of checkpoints, and the prefix of the ids of its workflows."""

MAKE: Final = "ledger.checkpoint"
"""The activity that makes a checkpoint."""


class Made(Model):
    """A checkpoint: the log, the number of events, the root of the events' tree in hex, the number of cosignatures.

    Without events, `size` is 0 and there is no root.
    """

    origin: str
    size: int
    root: str | None = None
    cosigned: int = 0
