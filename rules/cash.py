"""What of the money passes the hands of a cashier in cash, and so goes through a till."""

from __future__ import annotations

from typing import Any

from schemas.filing.events import FeePaid, PaymentMeans
from schemas.level import Channel
from schemas.refund import RefundGivenByHand, RefundMeans


def in_cash(event: Any) -> bool:
    """Whether an event says that cash was taken or given at the counter. What says no means is cash."""
    match event:
        case FeePaid(channel=Channel.COUNTER, means=means):
            return means in {None, PaymentMeans.CASH}
        case RefundGivenByHand(means=means):
            return means is RefundMeans.CASH
        case _:
            return False
