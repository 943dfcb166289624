"""Payloads that we have written and can't decrypt now: the key is missing here, while the content is valid."""

from typing import Any, Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from schemas.stream.edge import UNOPENED


class KeyMissingError(RuntimeError):
    """A missing key. It fails the workflow task, which is retried until a worker has the key; it is never a refusal."""


def expect_opened_before(given: Any) -> None:
    """Raises `KeyMissingError` for an undecryptable answer that this run could read when the answer came.

    A stranger's answer is undecryptable when it comes. Then a marker is left in the history, since a replay would
    otherwise wait for ever for the missing key.
    """
    if given is UNOPENED and not workflow.patched(f"unopened:{workflow.uuid4()}"):
        raise KeyMissingError(_MISSING)


def expect_opened(given: Any, *, handed_on: bool = False) -> None:
    """Raises `KeyMissingError` for an undecryptable payload that this run has read, or the previous run has written."""
    if given is UNOPENED and (handed_on or workflow.unsafe.is_replaying()):
        raise KeyMissingError(_MISSING)


_MISSING: Final = "its payloads were sealed by a key that is not in MOTCUA_CODEC_KEYS"
