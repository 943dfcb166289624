"""All kinds of streams. Code that works on streams receives the kinds as an argument, and names none itself."""

from typing import Final

from rules.complaint.kind import COMPLAINT
from rules.filing.kind import FILING
from rules.papers.kind import PAPERS
from rules.parcel.kind import PARCEL
from rules.payment.kind import PAYMENT
from rules.referral.kind import REFERRAL
from rules.refund.kind import REFUND
from rules.result.kind import RESULT
from rules.stream_kind import Kinds

__all__ = ["COMPLAINT", "FILING", "KINDS", "PAPERS", "PARCEL", "PAYMENT", "REFERRAL", "REFUND", "RESULT"]

KINDS: Final = Kinds((FILING, PAYMENT, PARCEL, REFERRAL, COMPLAINT, PAPERS, RESULT, REFUND))
"""All kinds: a process works on these unless a setting names others."""
