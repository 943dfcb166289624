"""The stand-in for a message that a workflow can't read. It fits no model, so every parser refuses it."""

from typing import Final

__all__ = ["UNOPENED", "UNREADABLE", "Unreadable"]


class Unreadable:
    """The type of the stand-ins. They contain nothing of the content that was sent."""


UNREADABLE: Final = Unreadable()
"""The stand-in for invalid JSON, or for any other content that no converter of ours accepts."""

UNOPENED: Final = Unreadable()
"""The stand-in for content that can't be decrypted: not encrypted, not ours, damaged, or its key is missing here."""
