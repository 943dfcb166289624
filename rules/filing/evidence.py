"""What payments, parcels and referrals must have recorded before their filing says so of them."""

from __future__ import annotations

from typing import Any

from rules.evidence import Entry, Evidence
from schemas.filing import events as ev
from schemas.ids import StreamId, payment_workflow, referral_workflow
from schemas.level import Channel


def evidence(stream: StreamId, event: Any) -> Evidence | None:  # noqa: PLR0911 -- one line for each event
    """The entries that bear this event out; None where it needs none."""
    match event:
        case ev.FeePaid(channel=Channel.ONLINE, n=n, amount=amount):
            payment = payment_workflow(stream.filing, n)
            paid = Entry(("payment_captured",), {"owed": True, "amount": amount}, payment)
            return ((paid, Entry(("payment_cancelled",), stream=payment, absent=True)),)
        case ev.FeeExpired(n=n) | ev.ResultUnclaimed(n=n):
            expired = Entry(("payment_expired",), stream=payment_workflow(stream.filing, n))
            online = {"n": n, "channel": Channel.ONLINE.value}
            return ((expired,), (Entry(("fee_requested",), online, str(stream), absent=True),))
        case ev.HandedOver(channel=Channel.POST):
            return ((_parcel_ended(ev.ParcelOutcome.DELIVERED),),)
        case ev.ParcelFailed(outcome=outcome):
            return ((_parcel_ended(outcome),),)
        case ev.PartOverdue(n=n):
            return ((Entry(("referral_overdue",), stream=referral_workflow(stream.filing, n)),),)
        case ev.PartAnswered(n=n):
            said = event.model_dump(mode="json", include={"outcome", "officer", "result"}, exclude_none=True)
            return ((Entry(("referral_answered",), said, referral_workflow(stream.filing, n)),),)
        case _:
            return None


def _parcel_ended(outcome: ev.ParcelOutcome) -> Entry:
    return Entry(("consignment_ended",), {"outcome": outcome.value})
