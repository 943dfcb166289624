"""What a provider is said to have told by itself must have come to the gateway, signed, before it is recorded.

Whoever reaches Temporal can tell a payment the same as the gateway does: only the row that the gateway keeps first
tells them apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from activities.ledger.database import Connection
from schemas.errors import Problem, problem
from schemas.ids import StreamId, fee_key, reference_of
from schemas.payment.events import PaymentCaptured, PaymentChargeBackAhead, PaymentChargedBack
from schemas.payment.state import TOLD
from schemas.stream.ledger import Batch


async def untold(connection: Connection, batch: Batch, events: Iterable[Any]) -> list[Problem]:
    """What is wrong with a batch of what a provider has said: no callback has said it."""
    said = [found for event in events if (found := _said(batch.stream, event)) is not None]
    if not said or batch.via != TOLD:
        return []
    missing = [one for one in said if not await connection.fetchval(_KEPT, batch.stream, *one)]
    return [problem("", "not_recorded")] if missing else []


def _said(stream: str, event: Any) -> tuple[Any, ...] | None:
    """Outcome, transaction, the least and the most that was said, when, and of which request if an event says it."""
    match event:
        case PaymentCaptured(amount=amount):
            about = StreamId.parse(stream)
            reference = reference_of(fee_key(about.filing, about.n, event.attempt or 1))
            return "paid", event.capture_id, amount, amount, event.captured_at, reference, _first(about)
        case PaymentChargedBack() | PaymentChargeBackAhead():  # no more of it than is left of the money
            return "reversed", event.transaction, event.amount, None, event.at, None, None
        case _:
            return None


def _first(about: StreamId) -> str:
    """The request of which a callback speaks that was kept before there were others."""
    return reference_of(fee_key(about.filing, about.n))


_KEPT: Final = """
select exists (
    select from callback where stream = $1 and outcome = $2 and transaction = $3
        and amount between $4 and coalesce($5, amount) and coalesce(at = $6, true)
        and coalesce(coalesce(demanded, $8) = $7, true)
)
"""
