"""The stand-in in a workflow for an unreadable message. It fits no model, so that every parser refuses it."""

from typing import Final

__all__ = ["UNOPENED", "UNREADABLE", "Unreadable"]


class Unreadable:
    """The type of the stand-ins: they hold nothing of the sent content."""


UNREADABLE: Final = Unreadable()
"""The stand-in for invalid JSON, or for any other content that no converter of ours accepts."""

UNOPENED: Final = Unreadable()
"""The stand-in for content that no key of ours opens: plain, foreign, damaged, or ours without its key here."""
