"""The error for a paper to which its agency's seal can't be applied."""

from typing import Final

SEAL_REFUSED: Final = "seal:"
"""Prefix of the rule in `outbox.problem`."""


class SealRefusedError(Exception):
    """The agency's seal can't be applied until the fault of this `rule` is corrected."""

    def __init__(self, rule: str) -> None:
        super().__init__(f"not sealed: {rule}")
        self.rule = rule
