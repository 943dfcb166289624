"""The record's proof of a payment's events: events of other streams, and findings at its providers."""

from collections.abc import Mapping
from typing import Any, Final

from rules.evidence import ENDS, Entry, Evidence, Finding, findings
from rules.payment.fold import unless_first
from schemas.ids import StreamId, filing_workflow, of_obligation
from schemas.payment import events as ev
from schemas.payment.state import Capture

_ENDING: Final = (*ENDS, "reopened", "acceptance_revoked", "applicant_ceased", "stayed")
"""The events that end or restart a filing, after which an unpaid fee that was requested earlier is no longer owed."""


def evidence(stream: StreamId, event: Any) -> Evidence | None:
    """The evidence for a request, a refund, an accepted short payment, a cancellation, or an end without money.

    An end without money is refused while the record has a finding of money for which no event is recorded.
    """
    filing = filing_workflow(stream.filing)
    match event:
        case ev.PaymentRequested(n=n, amount=amount):
            kind, online = ("obligation_demanded", {}) if of_obligation(n) else ("fee_requested", {"channel": "online"})
            return ((Entry((kind,), {"amount": amount, "n": n} | online, filing),),)
        case ev.PaymentRefunded(capture_id=capture_id, amount=amount, case=case):
            given = {"capture_id": capture_id, "amount": amount} | ({} if case is None else {"case": case})
            return ((Entry(("refund_given", "refund_given_by_hand"), given),),)
        case ev.PaymentAccepted():
            agreed = {"capture_id": event.capture_id, "forgone": event.agreed or event.forgone}
            return ((Entry(("shortfall_accepted",), agreed),),)
        case ev.PaymentExpired() | ev.PaymentRequestExpired() | ev.PaymentWatchEnded():
            return ((Entry(("payment_captured",), stream=str(stream), recorded="capture_id"),),)
        case ev.PaymentCancelled():
            owed = {"n": stream.n}
            return _met_otherwise(filing, owed) if of_obligation(stream.n) else _fee_not_owed(filing, owed)
        case _:
            return None


def _fee_not_owed(filing: str, fee: dict[str, int]) -> Evidence:
    """The evidence that the fee was waived, paid at the counter, requested again, or unpaid when the filing ended."""
    return (
        (Entry(("fee_waived",), fee, filing),),
        (Entry(("fee_paid",), fee | {"channel": "counter"}, filing),),
        (
            Entry(("fee_requested",), {"n": fee["n"] + 1}, filing),
            Entry(("fee_paid",), fee, filing, absent=True),  # a paid fee may have a supplement
        ),
        (
            Entry(_ENDING, stream=filing, after=Entry(("fee_requested",), fee, filing)),
            Entry(("fee_paid", "fee_waived"), fee, filing, absent=True),
        ),
    )


def _met_otherwise(filing: str, payment: dict[str, int]) -> Evidence:
    """The evidence that a demanded obligation is no longer owed, for a reason other than this payment."""
    over = ("obligation_fulfilled", "recalled", *_ENDING)
    demanded = Entry(("obligation_demanded",), payment, filing)
    met = Entry(("obligation_fulfilled",), payment, filing, absent=True)
    return ((Entry(over, stream=filing, after=demanded), met),)


def captured(capture: Capture) -> Finding:
    """The finding that a provider reports money as received."""
    fields = {"capture_id": capture.capture_id, "amount": capture.amount, "captured_at": capture.at}
    return Finding("payment_captured", fields | {"attempt": unless_first(capture.attempt or 1)})


def ordered(event: ev.PaymentOrdered, pay_url: str | None) -> Finding:
    """The finding of an order; `pay_url` is the digest of the order's web address, which may contain an IP address."""
    said = {"order_id": event.order_id, "pay_url": pay_url, "code": event.code, "attempt": event.attempt}
    return Finding("payment_ordered", said)


def closed(attempt: int) -> Finding:
    """The finding that the request numbered `attempt` was closed unpaid, and that its provider expects no money."""
    return Finding("payment_request_expired", {"attempt": attempt})


_FOUND: Final[Mapping[type[Any], tuple[str, ...]]] = {
    ev.PaymentCaptured: ("capture_id", "amount", "captured_at", "attempt"),
    ev.PaymentRequestExpired: ("attempt",),
    ev.PaymentOutcomeAwaited: ("attempt", "until"),
    ev.PaymentWatchEnded: ("until",),
}


def found_by(_: StreamId, event: Any) -> tuple[Finding, ...]:
    """The findings at providers from which an event follows; none for a `pay_url`, whose digest needs a key."""
    match event:
        case ev.PaymentExpired(requests=requests):
            return tuple(map(closed, requests))
        case ev.PaymentOrdered(pay_url=None):
            return (ordered(event, None),)
        case _:
            return findings(event, _FOUND)
