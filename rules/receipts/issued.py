"""Receipts for money: the valid ones, and the reasons that make one void."""

from collections.abc import Iterable

from schemas.papers.state import MoneyReceipt, VoidCause
from schemas.payment.state import Payment
from schemas.publishing.fee import FeeKind
from schemas.refund.state import CAPTURES, CaseState, Refund
from schemas.stream.about import About


def gone(payment: Payment) -> VoidCause | None:
    """The cause that makes the receipts of an online fee void: all its money was returned or charged back.

    None while some of the money is left, and for a fee without an online payment.
    """
    owed = next((one for one in payment.captures if one.capture_id == payment.owed_capture), None)
    if owed is None or payment.returned(owed) + payment.taken_back(owed) < owed.amount:
        return None
    return VoidCause.CHARGED_BACK if payment.taken_back(owed) else VoidCause.REFUNDED


def gone_without_provider(refund: Refund) -> VoidCause | None:
    """The cause if a fee paid at the counter or to the post was returned in full by hand; None otherwise."""
    without_provider = refund.n % CAPTURES == 0
    given = sum(entry.amount for entry in refund.entries if entry.state is CaseState.GIVEN)
    whole = without_provider and refund.capture is not None and given >= refund.capture.amount
    return VoidCause.REFUNDED if whole else None


def valid(receipts: Iterable[MoneyReceipt], fee: int, of: FeeKind) -> tuple[MoneyReceipt, ...]:
    """The valid receipts of this kind for this fee."""
    return tuple(one for one in receipts if (one.fee, one.of, one.voided_at) == (fee, of, None))


def issued_for(receipts: Iterable[MoneyReceipt], about: About, of: FeeKind) -> MoneyReceipt | None:
    """The receipt of this kind that was issued for this event."""
    return next((one for one in receipts if (one.about, one.of) == (about, of)), None)


def registered(receipts: Iterable[MoneyReceipt], number: str) -> MoneyReceipt | None:
    """The receipt with this number in the register."""
    return next((one for one in receipts if one.registered == number), None)


def number_given(agency: str, series: str, given: str) -> str:
    """The register's name for a number of an outside service, which is unique only within its series."""
    return f"{agency}-{series}-{given}"
