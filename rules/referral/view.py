"""The view of a referral."""

from rules.require import require
from schemas.base import alike
from schemas.referral.state import Referral, ReferralView


def view(referral: Referral) -> ReferralView:
    """The visible fields of a referral."""
    own = {name: require(getattr(referral, name)) for name in ("part", "lead", "due")}
    return ReferralView(**alike(ReferralView, referral) | own)
