"""The record's proof of a refund's events: events of other streams, and findings at the provider."""

from typing import Final

from rules.evidence import Entry, Evidence, Finding
from rules.refund.claims import payment_of, without_provider
from schemas.ids import StreamId, filing_workflow
from schemas.level import Channel
from schemas.publishing.fee import RefundCase
from schemas.refund import events as ev
from schemas.refund.state import UNOWED, RefundCause


def _begun(stream: StreamId, event: ev.RefundBegun) -> Evidence:
    """The evidence for the beginning of a refund: its capture, or the fee that was paid without a provider."""
    if not without_provider(stream.n):
        taken = {"capture_id": event.capture_id, "amount": event.amount}
        return ((Entry(("payment_captured",), taken, str(payment_of(stream))),),)
    paid = {"n": event.payment, "amount": event.amount}
    ways = (Channel.COUNTER.value, Channel.POST.value)
    return tuple((Entry(("fee_paid",), paid | {"channel": way}, filing_workflow(stream.filing)),) for way in ways)


def evidence(  # noqa: PLR0911 -- one line for each event
    stream: StreamId, event: ev.RefundEvent
) -> Evidence | None:
    """The evidence for an event of a refund, such as its capture or the filing's end; None if the event needs none."""
    payment = str(payment_of(stream))
    match event:
        case ev.RefundBegun():
            return _begun(stream, event)
        case ev.RefundOpened():
            return _opened(stream, event)
        case ev.RefundChargedBack(capture_id=capture_id):
            return ((Entry(("payment_charged_back",), {"capture_id": capture_id}, payment),),)
        case ev.RefundLeftToHand():
            return ((Entry(("refund_given",), stream=str(stream), recorded="case"),),)
        case ev.RefundCalledOff():
            return ((Entry(("reopened", "refusal_revoked"), {}, filing_workflow(stream.filing)),),)
        case ev.RefundDisputed(capture_id=capture_id, amount=amount):
            short = {"capture_id": capture_id, "owed": False, "amount": amount}
            return ((Entry(("payment_captured",), short, payment),),)
        case ev.ShortfallMadeUp(capture_id=capture_id):
            others = Entry(("payment_captured", "payment_accepted"), {"parts": [capture_id]}, payment)
            return ((others,), (Entry(("payment_accepted",), {"capture_id": capture_id}, payment),))
        case ev.RefundUndecided(rule=rule):
            return _ended(stream, rule)
        case _:
            return None


def _opened(stream: StreamId, event: ev.RefundOpened) -> Evidence | None:
    """The evidence for the cause of a case: money not owed, a lower fee, the filing's end; None for a request."""
    payment, about = str(payment_of(stream)), {"capture_id": event.capture_id}
    match event:
        case ev.RefundOpened(cause=RefundCause.EXCESS, asked=int(asked)):
            return ((Entry(("payment_captured",), about | {"owed": True, "asked": asked}, payment),),)
        case ev.RefundOpened(cause=cause) if cause in UNOWED:
            unowed = Entry(("payment_captured",), about | {"owed": False}, payment)
            return ((unowed,), (Entry(("payment_cancelled",), {}, payment),))
        case ev.RefundOpened(cause=RefundCause.DIFFERENCE, payment=n):
            return ((Entry(("fee_reduced",), {"n": n}, filing_workflow(stream.filing)),),)
        case ev.RefundOpened(rule=RefundCase() as rule):
            return _ended(stream, rule)
        case _:
            return None


def _ended(stream: StreamId, rule: RefundCase) -> Evidence:
    kinds, fields = _ENDED[rule]
    return ((Entry(kinds, fields, filing_workflow(stream.filing)),),)


_ENDED: Final[dict[RefundCase, tuple[tuple[str, ...], dict[str, str]]]] = {
    RefundCase.WITHDRAWN_BEFORE_ACCEPTANCE: (("withdrawn",), {}),
    RefundCase.WITHDRAWN_AFTERWARDS: (("withdrawn",), {}),
    RefundCase.REFUSED_AT_INTAKE: (("intake_refused",), {}),
    RefundCase.SUPPLEMENT_EXPIRED: (("supplement_expired",), {}),
    RefundCase.REFUSED: (("decided",), {"outcome": "refused"}),
    RefundCase.STOPPED: (("stopped",), {}),
    RefundCase.FEE_EXPIRED: (("fee_expired",), {}),
    RefundCase.LAPSED: (("lapsed",), {}),
}


def found_by(stream: StreamId, event: ev.RefundEvent) -> tuple[Finding, ...]:
    """The findings at the provider from which an event follows. Money taken without a provider needs no finding."""
    match event:
        case ev.RefundGiven(case=case, transaction=transaction):
            return (Finding("refund_given", {"case": case, "transaction": transaction}),)
        case ev.RefundLeftToHand(case=case, rule=rule) if not without_provider(stream.n):
            return (Finding("refund_left_to_hand", {"case": case, "rule": rule}),)
        case ev.RefundAsked(case=case, n=n) if n > 1:  # no earlier request can still take effect
            return (Finding("refund_asked", {"case": case, "n": n}),)
        case _:
            return ()
