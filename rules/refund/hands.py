"""Nobody gives money back alone: a second officer agrees, who is none of those that asked."""

from __future__ import annotations

from schemas.errors import Problem, problem
from schemas.refund.state import Refund


def not_alone(refund: Refund, hands: tuple[str, ...], others: tuple[str, ...]) -> Problem | None:
    """Why these hands may not do what needs another's than those."""
    if set(hands) & set(others):
        return problem("actor.subject", "needs_another")
    return problem("acting_for", "own_filing") if set(hands) & set(refund.apart) else None
