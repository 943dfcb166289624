"""Receipts for money: which are issued and valid, and which no money stands behind any more."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.about import About
from schemas.papers.state import MoneyReceipt, VoidCause
from schemas.payment.state import Payment
from schemas.publishing.fee import FeeKind
from schemas.refund.state import CAPTURES, CaseState, Refund


def gone(payment: Payment) -> VoidCause | None:
    """Why nothing is left of the money that paid the fee online; None while something is, and where nothing did."""
    owed = next((one for one in payment.captures if one.capture_id == payment.owed_capture), None)
    if owed is None or payment.returned(owed) + payment.taken_back(owed) < owed.amount:
        return None
    return VoidCause.CHARGED_BACK if payment.taken_back(owed) else VoidCause.REFUNDED


def gone_without_provider(refund: Refund) -> VoidCause | None:
    """The same of what was paid at the counter, or to the post: all of it was given back by hand."""
    without_provider = refund.n % CAPTURES == 0
    given = sum(entry.amount for entry in refund.entries if entry.state is CaseState.GIVEN)
    whole = without_provider and refund.capture is not None and given >= refund.capture.amount
    return VoidCause.REFUNDED if whole else None


def valid(receipts: Iterable[MoneyReceipt], fee: int, of: FeeKind) -> tuple[MoneyReceipt, ...]:
    """The receipts of this kind for this fee that are not void."""
    return tuple(one for one in receipts if (one.fee, one.of, one.voided_at) == (fee, of, None))


def issued_for(receipts: Iterable[MoneyReceipt], about: About, of: FeeKind) -> MoneyReceipt | None:
    """The receipt of this kind that was issued for what an event says."""
    return next((one for one in receipts if (one.about, one.of) == (about, of)), None)


def registered(receipts: Iterable[MoneyReceipt], number: str) -> MoneyReceipt | None:
    """The receipt that has this number in the register."""
    return next((one for one in receipts if one.registered == number), None)


def number_given(agency: str, series: str, given: str) -> str:
    """How the register calls a number that a service outside gave: it is unique in its series alone."""
    return f"{agency}-{series}-{given}"
