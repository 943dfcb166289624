"""Automatic healing: the messages between its passes and its memory."""

from typing import Final

from pydantic import Field

from ..base import Instant, Model

SCHEDULE: Final = "healing"
"""The schedule, and the prefix of its workflows' ids."""

HEAL: Final = "recovery.heal"
"""The activity of one pass."""

REMEMBERED: Final = 20
"""The number of healed streams that are listed."""

MOST_LEFT: Final = 100
"""The number of streams left to an operator that are listed."""


class Healed(Model):
    """A stream whose workflow was restarted from its log, with the time and the log's last seq."""

    stream: str
    at: Instant
    seq: int


class Look(Model):
    """The outcome of one pass over workflows that could not be replayed."""

    healed: tuple[Healed, ...] = ()
    left: tuple[str, ...] = ()


class Healings(Model):
    """The outcome of all passes: the number of healed streams, the newest last, and those left to an operator."""

    total: int = Field(default=0, ge=0)
    last: tuple[Healed, ...] = ()
    left: tuple[str, ...] = ()

    def after(self, look: Look) -> "Healings":
        """The outcome after one more pass."""
        return Healings(
            total=self.total + len(look.healed),
            last=(*self.last, *look.healed)[-REMEMBERED:],
            left=look.left[:MOST_LEFT],
        )
