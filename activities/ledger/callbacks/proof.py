"""An event attributed to a provider's callback needs a signed callback in the gateway's table before it is recorded.

Anybody with access to Temporal can send a payment the same signal as the gateway: only the gateway's earlier row
distinguishes the two.
"""

from collections.abc import Iterable
from typing import Any, Final

from activities.ledger.database import Connection
from schemas.errors import Problem, problem
from schemas.ids import StreamId, fee_key, reference_of
from schemas.payment.events import PaymentCaptured, PaymentChargeBackAhead, PaymentChargedBack
from schemas.payment.state import TOLD
from schemas.stream.ledger import Batch

CALLED_BACK: Final = (PaymentCaptured, PaymentChargedBack, PaymentChargeBackAhead)
"""The events that a provider's callback may report."""


async def untold(connection: Connection, batch: Batch, events: Iterable[Any]) -> list[Problem]:
    """Returns a problem if the batch claims to record a provider's callback, but no stored callback matches."""
    said = [found for event in events if (found := _said(batch.stream, event)) is not None]
    if not said or batch.via != TOLD:
        return []
    missing = [one for one in said if not await connection.fetchval(_KEPT, batch.stream, *one)]
    return [problem("", "not_recorded")] if missing else []


def _said(stream: str, event: Any) -> tuple[Any, ...] | None:
    """Returns the values that a callback about this event must have; None if no callback reports this event.

    The values: outcome, transaction, lowest and highest amount, time, and the references of the request that was paid
    and of the payment's first request.
    """
    match event:
        case PaymentCaptured(amount=amount):
            about = StreamId.parse(stream)
            reference = reference_of(fee_key(about.filing, about.n, event.attempt or 1))
            return (
                "paid",
                event.capture_id,
                amount,
                amount,
                event.captured_at,
                reference,
                reference_of(fee_key(about.filing, about.n)),
            )
        case PaymentChargedBack() | PaymentChargeBackAhead():  # at most the rest of the money
            return "reversed", event.transaction, event.amount, None, event.at, None, None
        case _:
            return None


_KEPT: Final = """
select exists (
    select from callback where stream = $1 and outcome = $2 and transaction = $3
        and amount between $4 and coalesce($5, amount) and coalesce(at = $6, true)
        and coalesce(coalesce(demanded, $8) = $7, true)
)
"""
