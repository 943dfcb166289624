"""What the log orders a provider to give back of a capture, and what it has been asked for before."""

from __future__ import annotations

from typing import Final

from rules.known import known
from rules.refund import fold
from rules.refund.claims import capture_of, without_provider
from schemas.ids import fee_key
from schemas.payment.state import Payment
from schemas.refund.state import Refund, RefundEntry


def ordered(refund: Refund, case: int) -> RefundEntry | None:
    """The case of this number, if the provider is to give it back now, and it is recorded that it is asked to."""
    entry = None if without_provider(refund.n) else fold.to_give_first(refund, case)
    return entry if entry is not None and entry.requests else None


def is_borne_out(refund: Refund, payment: Payment) -> bool:
    """Whether the payment's log has the capture by which the refund began."""
    taken, begun = capture_of(payment, refund.n), known(refund.capture)
    return taken is not None and taken.model_dump(include=_TAKEN) == begun.model_dump(include=_TAKEN)


_TAKEN: Final = {"payment", "capture_id", "amount", "provider", "requested_at", "attempt"}


def key_of_demand(refund: Refund) -> str:
    """The key of the request for money that took the capture."""
    capture = known(refund.capture)
    return fee_key(refund.filing_id, capture.payment, capture.attempt or 1)


def key_of(refund: Refund, entry: RefundEntry) -> str:
    """The key by which a case is known to the provider, however often it is asked for."""
    return f"refund:{key_of_demand(refund)}:{known(refund.capture).capture_id}:{entry.case}"


def asked_before(refund: Refund, entry: RefundEntry) -> tuple[RefundEntry, ...]:
    """The other cases that the provider has been asked for, whatever came of them."""
    return tuple(one for one in refund.entries if one.requests and one.case != entry.case)
