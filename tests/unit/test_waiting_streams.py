"""What a stream waits for, by its state alone: of each kind of wait one that is too long, one that is not, one over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any, Final
from uuid import UUID

import pytest

from rules.stream_kind import Origin
from rules.streams import KINDS
from schemas.filing.events import MachineWorkAnswered, MachineWorkFailing
from schemas.ids import StreamId
from schemas.payment.events import PaymentChargeBackAhead, PaymentExpired, PaymentOutcomeAwaited, PaymentRequested
from schemas.people import SYSTEM
from schemas.refund.events import RefundApproved, RefundBegun, RefundChargedBack, RefundGiven, RefundOpened
from schemas.refund.events import RefundLeftToHand as LeftToHand
from schemas.result.events import ResultEntered, ResultMade
from schemas.stream.ledger import Recorded
from tests.waits import sample

AT: Final = datetime(2026, 11, 25, 3, 0, 30, tzinfo=UTC)
SOON: Final = AT + timedelta(hours=23)
LATE: Final = AT + timedelta(hours=24)


APPROVED: Final = (sample(RefundBegun), sample(RefundOpened), sample(RefundApproved))
GIVEN: Final = (*APPROVED, sample(RefundGiven))
ASKED: Final = sample(PaymentRequested, due=LATE)
UNKNOWN: Final = (ASKED, sample(PaymentOutcomeAwaited, attempt=1))
ENTERED: Final = sample(ResultEntered, adopted=None, result=None)
FAILING: Final = sample(MachineWorkFailing)


@pytest.mark.parametrize(
    ("stream", "events", "now", "waits"),
    [
        ("refund", APPROVED, SOON, []),
        ("refund", APPROVED, LATE, ["refunds.under_way"]),
        ("refund", (*APPROVED, sample(LeftToHand)), SOON, ["refunds.by_hand"]),
        ("refund", GIVEN, LATE, []),
        ("refund", (*GIVEN, sample(RefundChargedBack, void=())), LATE, ["refunds.twice"]),
        ("payment", UNKNOWN, SOON, []),
        ("payment", UNKNOWN, LATE, ["outcomes.awaited"]),
        ("payment", (*UNKNOWN, sample(PaymentExpired)), LATE, []),
        ("payment", (ASKED, sample(PaymentChargeBackAhead, attempt=None)), LATE, ["refunds.ahead"]),
        ("result", (ENTERED,), LATE, []),
        ("result", (ENTERED, FAILING), LATE, ["signing.no_file"]),
        ("result", (ENTERED, sample(ResultMade), FAILING), LATE, ["signing.waiting"]),
        ("result", (ENTERED, sample(ResultMade), FAILING, sample(MachineWorkAnswered)), LATE, []),
    ],
)
def test_a_stream_waits_for_what_its_state_says(
    stream: str, events: tuple[Any, ...], now: datetime, waits: list[str]
) -> None:
    kind = KINDS[stream]
    recorded = (
        Recorded(seq=n, at=AT, command_id=f"c{n}", actor=SYSTEM, event=event) for n, event in enumerate(events, 1)
    )
    n = 1001 if stream == "refund" else 1
    state = reduce(kind.evolve, recorded, kind.initial(Origin(StreamId(stream, UUID(int=1), n), "H01.12")))
    found = [each.says.removeprefix("doctor.") for each in kind.waits for _ in each.long(state, now)]
    assert found == waits
