"""The restart of a workflow from its log. The workflow id names the stream."""

from typing import Final, Literal

from pydantic import Field

from ..base import Model

TAKE_OVER: Final = "recovery.take_over"
"""The activity that gives a new epoch to a run that takes its stream over."""

UNRECORDED: Final = "unrecorded"
"""The type of its error for a stream that the record does not hold."""

PROVE: Final = "motcua.prove_run"
"""The name of the function by which a run proves to the next run that it is the platform's."""


class Restart(Model):
    """A takeover of the stream from the log, under this `epoch`; None: under the log's present epoch."""

    epoch: int | None = Field(default=None, ge=1)


class RestartStart(Model):
    """The start input of a filing, a payment or a parcel whose workflow was lost. Its other fields are ignored."""

    restart: Restart


class Restarted(Model):
    """Another run took over a `stream`, and appends under this `epoch`. No fold reads this event beside the stream."""

    kind: Literal["restarted"] = "restarted"
    stream: str
    """name of the stream"""
    epoch: int = Field(ge=2)
    """epoch under which the new run appends; every restart increases it"""
