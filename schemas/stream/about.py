"""The event that another record refers to."""

from ..base import Model


class About(Model):
    """The event that caused a paper: its stream, and its place there."""

    stream: str
    """name of the event's stream"""
    seq: int
    """place of the event in its stream"""
