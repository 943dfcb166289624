"""All kinds of streams. Other code that works on streams gets the kinds as an argument, and names no kind itself."""

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
"""All kinds of streams. A process works on all of them unless a setting names other kinds."""
