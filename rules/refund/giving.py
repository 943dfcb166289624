"""The refunds that a provider must pay out: the case to pay now, its keys, and the cases requested earlier."""

from typing import Final

from rules.refund import fold
from rules.refund.claims import capture_of, without_provider
from rules.require import require
from schemas.ids import fee_key
from schemas.payment.state import Payment
from schemas.refund.state import Refund, RefundEntry


def ordered(refund: Refund, case: int) -> RefundEntry | None:
    """The case of this number, if the provider is to pay it out now and the request is recorded."""
    entry = None if without_provider(refund.n) else fold.to_give_first(refund, case)
    return entry if entry is not None and entry.requests else None


def is_borne_out(refund: Refund, payment: Payment) -> bool:
    """Whether the payment's log contains the capture that the refund began with."""
    taken, begun = capture_of(payment, refund.n), require(refund.capture)
    return taken is not None and taken.model_dump(include=_TAKEN) == begun.model_dump(include=_TAKEN)


_TAKEN: Final = {"payment", "capture_id", "amount", "provider", "requested_at", "attempt"}


def key_of_demand(refund: Refund) -> str:
    """The key of the request for money that was paid by the refund's capture."""
    capture = require(refund.capture)
    return fee_key(refund.filing_id, capture.payment, capture.attempt or 1)


def key_of(refund: Refund, entry: RefundEntry) -> str:
    """The idempotency key of a case at the provider, the same for every retry."""
    return f"refund:{key_of_demand(refund)}:{require(refund.capture).capture_id}:{entry.case}"


def asked_before(refund: Refund, entry: RefundEntry) -> tuple[RefundEntry, ...]:
    """All other cases of this refund that were ever requested from the provider, with any outcome."""
    return tuple(one for one in refund.entries if one.requests and one.case != entry.case)
