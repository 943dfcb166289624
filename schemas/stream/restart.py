"""The restart of a workflow from its log, and automatic healing. The id of a workflow is the name of its stream."""

from typing import Final, Literal

from pydantic import Field

from ..base import Instant, Model

TAKE_OVER: Final = "recovery.take_over"
"""The activity that gives a new epoch to a run that takes a stream over from a lost run."""

UNRECORDED: Final = "unrecorded"
"""The type of the error that `TAKE_OVER` raises for a stream that is not in the record."""

PROVE: Final = "motcua.prove_run"
"""The name of the function by which a run proves to the next run that it belongs to the platform."""


class Restart(Model):
    """A request to restart a stream from its log under `epoch`; None means the present epoch in the log."""

    epoch: int | None = Field(default=None, ge=1)


class RestartStart(Model):
    """The start input of a filing, a payment or a parcel whose workflow was lost. Other input fields are ignored."""

    restart: Restart


class Restarted(Model):
    """Another run took over the stream named `stream`, and appends under this `epoch`.

    The event is in the filing's stream of restarts.
    """

    kind: Literal["restarted"] = "restarted"
    stream: str
    """name of the stream that was taken over"""
    epoch: int = Field(ge=2)
    """epoch under which the new run appends; every restart increases it"""


SCHEDULE: Final = "healing"
"""The id of the schedule of healing, and the prefix of the ids of its workflows."""

HEAL: Final = "recovery.heal"
"""The activity of one pass of healing: it restarts the workflows that can't be replayed."""

REMEMBERED: Final = 20
"""The maximum number of streams in the list of healed streams, which has the latest ones."""

MOST_LEFT: Final = 100
"""The maximum number of streams in the list of the streams left to an operator."""


class Healed(Model):
    """A stream whose workflow was restarted from its log. `seq` is the number of the log's last event at that time."""

    stream: str
    at: Instant
    seq: int


class Look(Model):
    """The outcome of one pass of healing: the streams that were healed, and the streams `left` to an operator."""

    healed: tuple[Healed, ...] = ()
    left: tuple[str, ...] = ()


class Healings(Model):
    """The outcome of all passes of healing: the number of healed streams, the last ones, those left to operators."""

    total: int = Field(default=0, ge=0)
    last: tuple[Healed, ...] = ()
    left: tuple[str, ...] = ()

    def after(self, look: Look) -> "Healings":
        """Returns the outcome of all passes, with one more pass whose own outcome is `look`."""
        return Healings(
            total=self.total + len(look.healed),
            last=(*self.last, *look.healed)[-REMEMBERED:],
            left=look.left[:MOST_LEFT],
        )
