"""What a build of the platform can take over of streams that another has written."""

from __future__ import annotations

from ..base import Model


class Reads(Model):
    """Of one kind of stream: the newest snapshot, and of each kind of event the newest version, that a build reads.

    It reads all before these too.
    """

    snapshot: int
    events: dict[str, int]
