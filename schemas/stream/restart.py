"""How a workflow is started again from what the log holds. The workflow id says which stream."""

from __future__ import annotations

from pydantic import Field

from ..base import Model


class Restart(Model):
    """Take the stream over from the log, under this `epoch`, which the log must know; without one under the present."""

    epoch: int | None = Field(default=None, ge=1)


class RestartStart(Model):
    """What a filing, a payment or a parcel is started with when its workflow was lost. Nothing else in it is read."""

    restart: Restart
