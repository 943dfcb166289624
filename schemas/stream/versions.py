"""The versions of another build's streams that a build of the platform can take over."""

from ..base import Model


class Reads(Model):
    """For one kind of stream, the newest snapshot and the newest version of each kind of event that a build reads.

    It also reads all older versions.
    """

    snapshot: int
    events: dict[str, int]
