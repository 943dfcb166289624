"""The error for a paper that can't be sealed by its agency's seal."""

from typing import Final

SEAL_REFUSED: Final = "seal:"
"""Prefix of the rule in `outbox.problem`."""


class SealRefusedError(Exception):
    """The agency's seal can't be applied until somebody has corrected the fault of this `rule`."""

    def __init__(self, rule: str) -> None:
        super().__init__(f"not sealed: {rule}")
        self.rule = rule
