"""What is told of a paper that its agency's seal can't be put on."""

from __future__ import annotations

from typing import Final

SEAL_REFUSED: Final = "seal:"
"""What stands in `outbox.problem` before the rule."""


class SealRefusedError(Exception):
    """The agency's seal can't be put on, by this `rule`, until somebody has mended that."""

    def __init__(self, rule: str) -> None:
        super().__init__(f"not sealed: {rule}")
        self.rule = rule
