"""Payloads that we wrote ourselves and that can't be decrypted now: the key is missing, the content is valid."""

from __future__ import annotations

from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from schemas.stream.unreadable import UNOPENED


class KeyMissingError(RuntimeError):
    """Fails the task, which is retried until some worker has the key. Never a refusal."""


def expect_opened(given: Any, *, handed_on: bool = False) -> None:
    """Raises `KeyMissingError` for an undecryptable payload that this run read before or the previous run wrote."""
    if given is UNOPENED and (handed_on or workflow.unsafe.is_replaying()):
        msg = "its payloads were sealed by a key that is not in MOTCUA_CODEC_KEYS"
        raise KeyMissingError(msg)
