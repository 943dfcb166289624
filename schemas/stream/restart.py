"""The restart of a workflow from its log, and automatic healing. The workflow id names the stream."""

from typing import Final, Literal

from pydantic import Field

from ..base import Instant, Model

TAKE_OVER: Final = "recovery.take_over"
"""The activity that gives a new epoch to a run that takes a stream over from a lost run."""

UNRECORDED: Final = "unrecorded"
"""The type of the error of `TAKE_OVER` for a stream that is not in the record."""

PROVE: Final = "motcua.prove_run"
"""The name of the function by which a run proves to the next run that it belongs to the platform."""


class Restart(Model):
    """The restart of a stream from its log, under this `epoch`; None: under the present epoch in the log."""

    epoch: int | None = Field(default=None, ge=1)


class RestartStart(Model):
    """The start input of a filing, a payment or a parcel whose workflow was lost. Other input fields are ignored."""

    restart: Restart


class Restarted(Model):
    """Another run took over a `stream`, and appends under this `epoch`. The event is in a stream of its own."""

    kind: Literal["restarted"] = "restarted"
    stream: str
    """name of the stream"""
    epoch: int = Field(ge=2)
    """epoch under which the new run appends; every restart increases it"""


SCHEDULE: Final = "healing"
"""The id of the schedule of healing, and the prefix of the ids of its workflows."""

HEAL: Final = "recovery.heal"
"""The activity that heals the workflows that can't be replayed, once."""

REMEMBERED: Final = 20
"""At most this many healed streams are listed, the latest ones."""

MOST_LEFT: Final = 100
"""At most this many of the streams left to an operator are listed."""


class Healed(Model):
    """A stream whose workflow was restarted from its log, with the time and the log's last seq."""

    stream: str
    at: Instant
    seq: int


class Look(Model):
    """The outcome of one pass over workflows that can't be replayed: those healed, and those left to an operator."""

    healed: tuple[Healed, ...] = ()
    left: tuple[str, ...] = ()


class Healings(Model):
    """The outcome of all passes: the number of healed streams, the `last` ones, and those left to an operator."""

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
