"""The view of a referral."""

from __future__ import annotations

from rules.known import known
from schemas.referral.state import Referral, ReferralView


def view(referral: Referral) -> ReferralView:
    """The visible fields of a referral."""
    return ReferralView(
        filing_id=referral.filing_id,
        n=referral.n,
        seq=referral.seq,
        part=known(referral.part),
        lead=known(referral.lead),
        agency=referral.agency,
        state=referral.state,
        due=known(referral.due),
        overdue=referral.overdue,
        officer=referral.officer,
        decision=referral.decision,
    )
