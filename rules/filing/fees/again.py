"""A fee that the payer's bank took back: it may be asked for again until the filing is decided."""

from __future__ import annotations

from schemas.errors import Problem, problem
from schemas.filing.state import Fee, FeeState, Filing


def not_asked_again(filing: Filing, n: int) -> Problem | None:
    """Why its `n`-th fee can't be asked for again, or None."""
    if filing.closed:
        return problem("", "filing_closed")
    if filing.decision is not None:
        return problem("", "decided_already")
    paid = any(fee.n == n and fee.state is FeeState.PAID for fee in filing.fees)
    return None if paid else problem("fee", "no_such_fee")


def stays_paid(fee: Fee) -> bool:
    """Whether anything of what was paid for it is to stay, or go back by a change of the dossier."""
    return fee.state is FeeState.PAID and fee.charged_back < fee.amount


def charged_back(filing: Filing) -> bool:
    """Whether a fee of it was to be asked for again."""
    return any(fee.charged_back for fee in filing.fees)
