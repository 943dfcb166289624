"""Payloads that we have written and can't decrypt now: the key is missing here, while the content is valid."""

from __future__ import annotations

from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from schemas.stream.unreadable import UNOPENED


class KeyMissingError(RuntimeError):
    """A missing key. It fails the workflow task, which is retried until a worker has the key; it is never a refusal."""


def expect_opened(given: Any, *, handed_on: bool = False) -> None:
    """Raises `KeyMissingError` for a payload that can't be decrypted, but could be before.

    That is, this run has read it before, or the previous run has written it.
    """
    if given is UNOPENED and (handed_on or workflow.unsafe.is_replaying()):
        msg = "its payloads were sealed by a key that is not in MOTCUA_CODEC_KEYS"
        raise KeyMissingError(msg)
