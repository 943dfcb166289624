"""The event that another record refers to."""

from __future__ import annotations

from ..base import Model


class About(Model):
    """The event that caused a paper: its stream and place there."""

    stream: str
    """the stream of the event that caused the paper"""
    seq: int
    """place of that event in its stream"""
