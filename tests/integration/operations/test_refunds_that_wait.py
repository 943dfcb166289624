"""`motcua doctor` of money: refunds that wait for an answer or for people, what went twice, what never came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import uuid4

import pytest

from operations.doctor.finding import Health
from operations.doctor.record.long_waits import waits
from rules.streams import KINDS
from schemas.payment.events import PaymentChargeBackAhead, PaymentChargedBack, PaymentOutcomeAwaited, PaymentRequested
from schemas.people import SYSTEM
from schemas.refund.events import (
    RefundApproved,
    RefundBegun,
    RefundCalledOff,
    RefundChargedBack,
    RefundGiven,
    RefundLeftToHand,
    RefundOpened,
)
from tests.conftest import World
from tests.waits import around, sample

EVENT: Final = """
insert into event
select $1, $2, gen_random_uuid(), $3, 'H01.12', $4, $5, $6, null, null, 'c', $7, 'system', told, told,
    pg_current_xact_id(), sha256('a'), sha256('b')
from (select clock_timestamp() - interval '2 days' as told) as before
"""
STANDS: Final = """
insert into standing (stream, kind, filing_id, agency, n, calendar, open, watched_until, heard_as)
values ($1, split_part($1, ':', 1), $2, 'H01.12', split_part($1, ':', 3)::int, 'vn', $3, null, '{}')
"""


BEFORE: Final = (sample(RefundBegun, provider="vnpay"), sample(RefundOpened), sample(RefundApproved))
LEFT: Final = sample(RefundLeftToHand)
OFF: Final = sample(RefundCalledOff, void=(1,))
OTHERS: Final = sample(RefundCalledOff, void=(2,))
GONE: Final = sample(RefundChargedBack)
GIVEN: Final = (*BEFORE, sample(RefundGiven), sample(RefundChargedBack, void=()))
UNPAID: Final = (sample(PaymentRequested), sample(PaymentOutcomeAwaited, attempt=1))
AHEAD: Final = sample(PaymentChargeBackAhead, attempt=None)

NOTHING: Final = ("refunds", "nothing waits to be given back by hand")
NOT_SAID: Final = (
    "refunds",
    "H01.12: 1 refunds were approved more than a day ago, and vnpay has not said that they are given",
)
BY_HAND: Final = ("refunds", "H01.12: 1 approved refunds wait for people: vnpay does not give them back")
TWICE: Final = ("refunds", "H01.12: 1 payments, 8,000 đồng, were refunded and charged back too by vnpay")
NEVER_CAME: Final = ("refunds", "H01.12: 1 payments, 16,000 đồng, were charged back and have not come")
AWAITED: Final = (
    "outcomes",
    (
        "H01.12: of 1 payments whose time is over it is not known whether they were made, "
        f"and it is awaited until {UNPAID[1].until:%Y-%m-%d} at the latest"
    ),
)
KNOWN: Final = ("outcomes", "it is known what became of every payment in time")
REFUND: Final = "refund:{}:1001"
PAYMENT: Final = "payment:{}:1"


@pytest.mark.parametrize(
    ("stream", "events", "stands", "said"),
    [
        (REFUND, BEFORE, "open", NOT_SAID),
        (REFUND, (*BEFORE, OTHERS), "open", NOT_SAID),
        (REFUND, (*BEFORE, OFF), "open", NOTHING),
        (REFUND, (*BEFORE, GONE), "open", NOTHING),
        (REFUND, (*BEFORE, LEFT), "open", BY_HAND),
        (REFUND, (*BEFORE, LEFT, OFF), "open", NOTHING),
        (REFUND, (*BEFORE, LEFT, GONE), "open", NOTHING),
        (REFUND, GIVEN, "closed", TWICE),
        (PAYMENT, (UNPAID[0], AHEAD), "closed", NEVER_CAME),
        (PAYMENT, (UNPAID[0], AHEAD, sample(PaymentChargedBack, transaction=AHEAD.transaction)), "closed", NOTHING),
        (PAYMENT, UNPAID, "open", AWAITED),
        (PAYMENT, UNPAID[:1], "open", KNOWN),
    ],
    ids=[
        *("approved", "of another case", "called off", "charged back"),
        *("by hand", "by hand, off", "by hand, gone", "went twice", "never came", "came", "awaited", "pending"),
    ],
)
async def test_what_is_void_or_over_waits_for_nobody(
    world: World, stream: str, events: Sequence[Any], stands: str, said: tuple[str, str]
) -> None:
    filing = uuid4()
    name = stream.format(filing)
    actor = SYSTEM.model_dump_json(exclude_none=True).encode()
    async with world.connection() as connection:
        for n, event in enumerate(events, 1):
            version, body = KINDS.of(name).event_version(event.kind), event.model_dump_json(exclude_none=True).encode()
            await connection.execute(EVENT, name, n, filing, event.kind, version, body, actor)
        await connection.execute(STANDS, name, filing, stands == "open")
    check, sentence = said
    [finding] = await waits(check, none=f"doctor.{check}.none")(around(world))
    assert (finding.what.en, finding.health is Health.OK) == (sentence, said in {NOTHING, KNOWN})
