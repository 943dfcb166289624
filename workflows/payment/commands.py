"""The ids of a payment's own commands: the same request or transaction gives the same id."""

from __future__ import annotations

from typing import Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from schemas.ids import digest
    from schemas.payment.commands import RecordCapture
    from schemas.payment.state import Capture

_AS_IT_IS: Final = 40


def of_request(name: str, n: int) -> str:
    """Returns the id of a command about the n-th request."""
    return name if n == 1 else f"{name}:{n}"


def of_transaction(name: str, transaction: str) -> str:
    """Returns the id of a command about a transaction; a long transaction number is hashed."""
    return f"fee:{name}:{transaction if len(transaction) <= _AS_IT_IS else digest(transaction)[:_AS_IT_IS]}"


def record(capture: Capture) -> RecordCapture:
    """Returns the command that records a capture."""
    return RecordCapture(command_id=of_transaction("capture", capture.capture_id), capture=capture)
