"""Payloads that we have written and can't decrypt now: the key is missing here, while the content is valid."""

from __future__ import annotations

from typing import Any, Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from schemas.stream.unreadable import UNOPENED


class KeyMissingError(RuntimeError):
    """A missing key. It fails the workflow task, which is retried until a worker has the key; it is never a refusal."""


def expect_opened_before(given: Any) -> None:
    """Raises `KeyMissingError` for an undecryptable answer that this run could read when the answer came.

    An answer that was undecryptable then, such as a stranger's, leaves a marker in the history: else the first replay
    would wait for its key for ever.
    """
    if given is UNOPENED and not workflow.patched(f"unopened:{workflow.uuid4()}"):
        raise KeyMissingError(_MISSING)


def expect_opened(given: Any, *, handed_on: bool = False) -> None:
    """Raises `KeyMissingError` for a payload that can't be decrypted, but could be before.

    That is, this run has read it before, or the previous run has written it.
    """
    if given is UNOPENED and (handed_on or workflow.unsafe.is_replaying()):
        raise KeyMissingError(_MISSING)


_MISSING: Final = "its payloads were sealed by a key that is not in MOTCUA_CODEC_KEYS"
