"""The view of a referral."""

from rules.require import require, shared
from schemas.referral.state import Referral, ReferralView


def view(referral: Referral) -> ReferralView:
    """The visible fields of a referral."""
    known = {name: require(getattr(referral, name)) for name in ("part", "lead", "due")}
    return ReferralView(**shared(ReferralView, referral) | known)
