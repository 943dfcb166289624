"""Checkpoints of the whole record: their schedule, and their content."""

from typing import Final

from ..base import Model

CHECKPOINT: Final = "Checkpoint"
"""The type of the workflow that makes a checkpoint."""

SCHEDULE: Final = "checkpoint"
"""The id of the schedule of checkpoints, and the prefix of the ids of its workflows."""

MAKE: Final = "ledger.checkpoint"
"""The name of the activity that makes a checkpoint."""


class Made(Model):
    """A checkpoint of the log `origin`: the number `size` of its events, and the `root` of the tree of events, in hex.

    `cosigned` is the number of cosignatures. Without events, `size` is 0 and `root` is None.
    """

    origin: str
    size: int
    root: str | None = None
    cosigned: int = 0
