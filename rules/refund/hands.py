"""The rule of two officers: nobody returns money alone, since a second officer has to agree."""

from schemas.errors import Problem, problem
from schemas.refund.state import Refund


def not_alone(refund: Refund, hands: tuple[str, ...], others: tuple[str, ...]) -> Problem | None:
    """Why these officers may not act: one of them is among the `others`, or on the applicant's side.

    None if they may.
    """
    if set(hands) & set(others):
        return problem("actor.subject", "needs_another")
    return problem("acting_for", "own_filing") if set(hands) & set(refund.apart) else None
