"""What other streams of a filing must have recorded before it may say so itself."""

from __future__ import annotations

from typing import Any, Final

import pytest

from rules.evidence import Entry, Evidence
from rules.filing.evidence import evidence
from schemas.filing import events as ev
from schemas.ids import StreamId, filing_id
from schemas.level import Channel
from tests.unit.filing.lives import FILE

FILING: Final = filing_id("portal", "1")
STREAM: Final = StreamId("filing", FILING)
PAYMENT: Final = f"payment:{FILING}:2"
REFERRAL: Final = f"referral:{FILING}:2"
DELIVERED: Final = Entry(("consignment_ended",), {"outcome": "delivered"}, f"parcel:{FILING}:2")
UPHELD: Final = Entry(("complaint_answered",), {"about": 9, "outcome": "upheld"}, f"complaint:{FILING}:3")


def by(channel: Channel) -> ev.HandedOver:
    return ev.HandedOver.model_construct(channel=channel, n=2)


@pytest.mark.parametrize(
    ("event", "needed"),
    [
        (
            ev.FeePaid(n=2, amount=8000, channel=Channel.ONLINE),
            tuple(
                (
                    Entry(("payment_captured",), {"owed": True, way: 8000}, PAYMENT),
                    Entry(("payment_cancelled",), {}, PAYMENT, absent=True),
                )
                for way in ("amount", "asked")
            ),
        ),
        (ev.FeePaid(n=2, amount=8000, channel=Channel.COUNTER), None),
        (
            ev.ObligationFulfilled(step="tax", officer="system", reference="MC", n=2),
            tuple(
                (found, Entry(("payment_cancelled",), {}, PAYMENT, absent=True))
                for found in (
                    Entry(("payment_captured",), {"owed": True}, PAYMENT),
                    Entry(("payment_accepted",), {}, PAYMENT),
                )
            ),
        ),
        (ev.ObligationFulfilled(step="tax", officer="cashier-1", reference="56/GNT"), None),
        (
            ev.FeeExpired(n=2),
            (
                (Entry(("payment_expired",), {}, PAYMENT),),
                (Entry(("fee_requested",), {"n": 2, "channel": "online"}, f"filing:{FILING}", absent=True),),
            ),
        ),
        (by(Channel.POST), ((DELIVERED,),)),
        (by(Channel.COUNTER), None),
        *(
            (
                told(n=1, outcome=outcome, **more),
                ((Entry(("consignment_ended",), {"outcome": outcome.value}, f"parcel:{FILING}:1"),),),
            )
            for told, more in ((ev.ParcelFailed, {}), (ev.ParcelFound, {"copy_number": 2}))
            for outcome in ev.ParcelOutcome
        ),
        (ev.PartOverdue(n=2, part="residence"), ((Entry(("referral_overdue",), {}, REFERRAL),),)),
        (
            ev.PartAnswered(n=2, part="residence", outcome=ev.Outcome.REFUSED, officer="police-1", result=FILE),
            (
                (
                    Entry(
                        ("referral_answered",),
                        {"outcome": "refused", "officer": "police-1", "result": FILE.model_dump(exclude_none=True)},
                        REFERRAL,
                    ),
                ),
            ),
        ),
        (ev.Reopened(complaint=3, about=9, officer="leader-2"), ((UPHELD,),)),
        (ev.Released(), None),
    ],
    ids=lambda case: getattr(case, "kind", ""),
)
def test_what_another_stream_must_have_recorded(event: Any, needed: Evidence | None) -> None:
    assert evidence(STREAM, event) == needed
