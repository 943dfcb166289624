"""What a run was given by ourselves, and what can't be opened now: its key is missing, not its sense."""

from __future__ import annotations

from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from schemas.unreadable import UNOPENED


class KeyMissingError(RuntimeError):
    """Fails the task, which is tried again until some worker has the key. Never a refusal."""


def expect_opened(given: Any, *, handed_on: bool = False) -> None:
    """Raise `KeyMissingError` for what this run has read before, or the run before has handed on, and can't be read."""
    if given is UNOPENED and (handed_on or workflow.unsafe.is_replaying()):
        msg = "its payloads were sealed by a key that is not in MOTCUA_CODEC_KEYS"
        raise KeyMissingError(msg)
