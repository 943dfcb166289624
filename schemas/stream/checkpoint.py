"""Checkpoints of the whole record: the schedule that makes them, and what one says."""

from __future__ import annotations

from typing import Final

from ..base import Model

CHECKPOINT: Final = "Checkpoint"
"""The workflow that makes one."""

SCHEDULE: Final = "checkpoint"
"""The schedule, and how the ids of the workflows begin that it starts."""

MAKE: Final = "ledger.checkpoint"
"""The activity that makes one."""


class Made(Model):
    """A checkpoint: which log, how many events, the root of the tree over them in hex, and how many have cosigned it.

    `size` is 0, and there is no root, where there is no event yet.
    """

    origin: str
    size: int
    root: str | None = None
    cosigned: int = 0
