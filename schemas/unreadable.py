"""What stands in a workflow for a message that can't be read. It fits no model, so that whoever parses refuses it."""

from __future__ import annotations

from typing import Final


class Unreadable:
    """Nothing of what was sent, and no way to it."""


UNREADABLE: Final = Unreadable()
"""For JSON that is none, or for anything else that no converter of ours takes."""

UNOPENED: Final = Unreadable()
"""For what was not sealed by any key that we have: plain, foreign, damaged, or ours with its key missing."""
