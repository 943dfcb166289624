"""The new request of a charged-back fee, possible until the filing is decided."""

from schemas.errors import Problem, problem
from schemas.filing.state import Fee, FeeState, Filing


def not_asked_again(filing: Filing, n: int) -> Problem | None:
    """Why the filing's `n`-th fee can't be requested again, or None."""
    if filing.closed:
        return problem("", "filing_closed")
    if filing.decision is not None:
        return problem("", "decided_already")
    paid = any(fee.n == n and fee.state is FeeState.PAID for fee in filing.fees)
    return None if paid else problem("fee", "no_such_fee")


def stays_paid(fee: Fee) -> bool:
    """Whether the fee is paid and at least a part of it was not charged back."""
    return fee.state is FeeState.PAID and fee.charged_back < fee.amount


def charged_back(filing: Filing) -> bool:
    """Whether any fee of the filing was charged back and must be requested again."""
    return any(fee.charged_back for fee in filing.fees)
