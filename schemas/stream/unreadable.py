"""The stand-in in a workflow for an unreadable message. It fits no model, so that every parser refuses it."""

from __future__ import annotations

from typing import Final

__all__ = ["UNOPENED", "UNREADABLE", "Unreadable"]


class Unreadable:
    """Nothing of the sent content, and no access to it."""


UNREADABLE: Final = Unreadable()
"""For invalid JSON, or for any other content that no converter of ours accepts."""

UNOPENED: Final = Unreadable()
"""For content not sealed by any of our keys: plain, foreign, damaged, or ours with its key missing."""
