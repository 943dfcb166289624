"""The ids of a payment's own commands. The same request or transaction gives the same id."""

from __future__ import annotations

import re
from typing import Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from schemas.ids import digest
    from schemas.payment.commands import RecordCapture
    from schemas.payment.state import Capture

_MOST: Final = 40
_AS_IT_IS: Final = re.compile(rf"[A-Za-z0-9._-]{{1,{_MOST}}}")


def of_request(name: str, n: int) -> str:
    """Returns the id of a command about the n-th request."""
    return name if n == 1 else f"{name}:{n}"


def of_transaction(name: str, transaction: str) -> str:
    """Returns the id of a command about a transaction. A number that is long or has unusual characters is hashed."""
    return f"fee:{name}:{transaction if _AS_IT_IS.fullmatch(transaction) else digest(transaction)[:_MOST]}"


def record(capture: Capture) -> RecordCapture:
    """Returns the command that records a capture."""
    return RecordCapture(command_id=of_transaction("capture", capture.capture_id), capture=capture)
