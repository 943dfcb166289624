"""The kinds of streams that there are. Code that works on streams is given the kinds, and knows none by name."""

from __future__ import annotations

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
"""All kinds: a process is given these unless a setting says otherwise."""
