"""The request for what a filing costs."""

from __future__ import annotations

from datetime import datetime

from rules.filing.conditions import received_on
from rules.filing.fees.assessment import assess
from schemas.filing.events import FeeRequested
from schemas.filing.state import Filing
from schemas.level import Channel
from schemas.publishing.procedure_rules import FeePart


def asked_for(filing: Filing, fee: FeePart, channel: Channel, now: datetime) -> FeeRequested | None:
    """The request for what the filing costs, less what was waived; None where nothing is left to pay."""
    percent = filing.waiver.percent if filing.waiver else 0
    found = assess(fee, filing, received_on(filing), now, percent)
    if found.total == 0:
        return None
    n = len(filing.fees) + 1
    return FeeRequested(n=n, amount=found.total, lines=found.lines, channel=channel, waived=found.waived)
