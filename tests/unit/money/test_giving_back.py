"""What a provider's answer to a refund comes to: given, still under way, for people to do, or a mistake of ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.partners.http import RejectedError, UnreachableError
from activities.partners.money.asking import Asking
from activities.partners.money.provider import CAPABILITIES, Capabilities, Demand, Given, Giving, Outcome
from activities.payment import NOT_OFFERED, Payments, RefundRequest, Returned

AT: Final = datetime(2026, 11, 27, tzinfo=UTC)
REQUEST: Final = RefundRequest(
    asking=Asking(provider="here", demand=Demand(key="fee:x:1", amount=16_000, description="d", made=AT, expires=AT)),
    agency="H01.12",
    capture_id="m1",
    of=16_000,
    amount=8_000,
    case=2,
)


class Wire:
    """A provider that says one thing, and what it was asked."""

    def __init__(self, says: Given | Exception, can: Capabilities = CAPABILITIES["vnpay"]) -> None:
        self.says = says
        self.can = can
        self.asked: list[Giving] = []

    async def refund(self, _: Demand, giving: Giving) -> Given:
        self.asked.append(giving)
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


async def asked(
    wire: Wire, attempt: int = 1, after: timedelta = timedelta(), kept: list[Any] | None = None, **said: Any
) -> Returned:
    """What is returned by an attempt. What the server has `kept` of those before is replaced by what this one says."""
    given: Any = {"here": wire}
    pool: Any = None
    around = ActivityEnvironment()
    kept = [] if kept is None else kept
    around.info = replace(
        around.info, attempt=attempt, scheduled_time=AT, started_time=AT + after, heartbeat_details=list(kept)
    )

    def keep(*details: Any) -> None:
        kept[:] = details

    around.on_heartbeat = keep
    returned: Returned = await around.run(Payments(given, pool, pool).refund, REQUEST.model_copy(update=said))
    return returned


async def test_a_part_is_given_back_under_the_key_of_its_case() -> None:
    wire = Wire(Given(outcome=Outcome.PAID, transaction="r1"))
    assert await asked(wire) == Returned(transaction="r1")
    (giving,) = wire.asked
    assert (giving.key, giving.of, giving.amount) == ("refund:fee:x:1:m1:2", 16_000, 8_000)


async def test_what_the_wire_does_not_offer_is_asked_of_nobody() -> None:
    wire = Wire(Given(outcome=Outcome.PAID), CAPABILITIES["vietqr"])
    assert await asked(wire) == Returned(refused=NOT_OFFERED)
    assert wire.asked == []


async def test_what_a_provider_refuses_for_good_is_left_to_people() -> None:
    assert await asked(Wire(RejectedError("vnpay", 200, "95"))) == Returned(refused="95")


LOST: Final = UnreachableError("vnpay", "no answer in time")
REFUSED: Final = RejectedError("vnpay", 200, "95")


async def tried(*story: tuple[int, Exception], again: bool = False) -> list[timedelta | str | None]:
    """Of each attempt, at so many minutes: after how long the next is due, or what was returned."""
    came: list[timedelta | str | None] = []
    kept: list[Any] = []
    for attempt, (minutes, says) in enumerate(story, 1):
        wire = Wire(says)
        try:
            returned = await asked(wire, attempt, timedelta(minutes=minutes), kept, again=again, alike=True)
            came.append(returned.refused)
        except ApplicationError as waits:
            came.append(waits.next_retry_delay)
        except UnreachableError:
            came.append(None)
        assert [(one.again, one.alike) for one in wire.asked] == [(again or attempt > 1, True)]
    return came


@pytest.mark.parametrize(
    ("story", "again", "came"),
    [
        ([(0, REFUSED)], False, ["95"]),
        ([(0, REFUSED), (15, REFUSED)], True, [15, "95"]),
        ([(0, REFUSED), (14, REFUSED), (15, REFUSED)], True, [15, 1, "95"]),
        ([(0, LOST), (0, REFUSED), (15, REFUSED)], False, [None, 15, "95"]),
        ([(0, LOST), (20, LOST), (21, REFUSED), (36, REFUSED)], False, [None, None, 15, "95"]),
        ([(0, LOST), (1, REFUSED), (14, LOST), (16, REFUSED), (31, REFUSED)], False, [None, 15, None, 15, "95"]),
    ],
)
async def test_a_refusal_of_what_may_be_under_way_counts_once_it_can_be_no_longer(
    story: list[tuple[int, Exception]],
    again: bool,  # noqa: FBT001 -- a column of the table
    came: list[int | str | None],
) -> None:
    """Whatever has no answer may be done within 15 minutes of it: they begin with the refusal that comes after it."""
    minutes = [timedelta(minutes=one) if isinstance(one, int) else one for one in came]
    assert await tried(*story, again=again) == minutes


@pytest.mark.parametrize(
    "says",
    [RejectedError("vnpay", 401, "http_401"), UnreachableError("vnpay", "HTTP 500"), Given(outcome=Outcome.PENDING)],
)
async def test_what_nobody_has_answered_is_asked_again(says: Given | Exception) -> None:
    with pytest.raises((RejectedError, UnreachableError, ApplicationError)):
        await asked(Wire(says))
