"""What heals by itself: the messages between the one who looks and the one who keeps count."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from ..base import Instant, Model

SCHEDULE: Final = "healing"
"""The schedule, and how the ids of the workflows begin that it starts."""

HEAL: Final = "recovery.heal"
"""The activity that looks."""

REMEMBERED: Final = 20
"""So many of the healed are told one by one."""

MOST_LEFT: Final = 100
"""So many of those left to an operator are told."""


class Healed(Model):
    """A stream whose workflow was started again from its log: when, and how far the log was."""

    stream: str
    at: Instant
    seq: int


class Look(Model):
    """What became of what could not be replayed."""

    healed: tuple[Healed, ...] = ()
    left: tuple[str, ...] = ()


class Healings(Model):
    """What is known from all the looks: how many have been healed, the newest last, and who is left to an operator."""

    total: int = Field(default=0, ge=0)
    last: tuple[Healed, ...] = ()
    left: tuple[str, ...] = ()

    def after(self, look: Look) -> Healings:
        """The same after one look more."""
        return Healings(
            total=self.total + len(look.healed),
            last=(*self.last, *look.healed)[-REMEMBERED:],
            left=look.left[:MOST_LEFT],
        )
