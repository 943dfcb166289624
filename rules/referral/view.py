"""The view of a referral."""

from rules.require import require
from schemas.referral.state import Referral, ReferralView


def view(referral: Referral) -> ReferralView:
    """The visible fields of a referral."""
    return ReferralView(
        filing_id=referral.filing_id,
        n=referral.n,
        seq=referral.seq,
        part=require(referral.part),
        lead=require(referral.lead),
        agency=referral.agency,
        state=referral.state,
        due=require(referral.due),
        overdue=referral.overdue,
        officer=referral.officer,
        decision=referral.decision,
    )
