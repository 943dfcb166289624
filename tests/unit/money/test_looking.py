"""How often those who take money are asked, and that one without an answer keeps nobody from hearing of another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.partners.http import RejectedError, UnreachableError
from activities.partners.money.provider import Kind
from activities.partners.money.provider_queries import NEVER_MADE, Asker, Asking, Looking
from schemas.payment.state import Taken
from tests.unit.money.wires import MADE, Wire, asking


async def looked(wires: Mapping[str, Wire], *askings: Asking, tries: int = 2, after: float = 60) -> Taken:
    given: Any = wires
    pool: Any = None
    environment, asker = ActivityEnvironment(), Asker(given, pool)
    started = MADE + timedelta(seconds=after)
    environment.info = replace(environment.info, attempt=tries, started_time=started)
    taken: Taken = await environment.run(asker.money, Looking(askings=askings, known=("old",)))
    return taken


async def wait(wires: Mapping[str, Wire], *askings: Asking, **when: Any) -> timedelta:
    """Until the next look, where there is no news."""
    with pytest.raises(ApplicationError) as nothing:
        await looked(wires, *askings, **when)
    assert nothing.value.next_retry_delay is not None
    return nothing.value.next_retry_delay


@pytest.mark.parametrize("kind", ["vnpay", "platform"])
async def test_who_tells_by_itself_is_asked_seldom_and_not_before_somebody_may_have_paid(kind: Kind) -> None:
    wires = {"x": Wire(kind, "old")}
    pauses = [(await wait(wires, asking("x"), after=after)).total_seconds() for after in (0, 5, 10, 900, 3600, 10**6)]
    assert pauses == [5, 5, 10, 900, 1800, 1800]
    assert wires["x"].asked == ["query"] * 6
    await wait(wires, asking("x"), tries=1, after=0)
    assert len(wires["x"].asked) == 6


async def test_who_does_not_tell_is_asked_at_once_and_soon_again() -> None:
    wires = {"x": Wire("bank", "old")}
    pauses = [(await wait(wires, asking("x"), tries=n)).total_seconds() for n in (1, 2, 30)]
    assert pauses == [0.2, pytest.approx(0.3), 60]
    assert wires["x"].asked == ["query"] * 3


async def test_who_can_not_be_asked_is_not() -> None:
    wires = {"x": Wire("vietqr")}
    assert await wait(wires, asking("x")) > timedelta(days=365)
    assert wires["x"].asked == []


async def test_a_request_that_is_over_is_closed_where_the_wire_can_do_that_and_asked_seldom() -> None:
    wires = {"x": Wire("bank", "old"), "y": Wire("vnpay", RejectedError("vnpay", 200, NEVER_MADE))}
    assert await wait(wires, asking("x", over=True), asking("y", 2, over=True), after=600) == timedelta(minutes=10)
    assert (wires["x"].asked, wires["y"].asked) == (["cancel"], ["query"])


async def test_money_is_of_the_request_whose_taker_tells_of_it() -> None:
    wires = {"x": Wire("bank"), "y": Wire("vnpay", "new")}
    taken = await looked(wires, asking("x"), asking("y", 2))
    assert [(capture.capture_id, capture.attempt) for capture in taken.captures] == [("new", 2)]


async def test_one_that_is_not_set_up_here_keeps_nobody_from_hearing_of_another() -> None:
    taken = await looked({"y": Wire("bank", "new")}, asking("x"), asking("y", 2))
    assert [(capture.capture_id, capture.attempt) for capture in taken.captures] == [("new", 2)]
    with pytest.raises(ApplicationError) as unknown:
        await looked({"y": Wire("bank", "old")}, asking("x"), asking("y", 2))
    assert unknown.value.type == "unknown_provider"


@pytest.mark.parametrize("error", [UnreachableError("vnpay", "canary"), RejectedError("vnpay", 400, "broken")])
async def test_one_without_an_answer_keeps_nobody_from_hearing_of_another(error: Exception) -> None:
    wires = {"x": Wire("vnpay", error), "y": Wire("bank", "new")}
    assert [capture.capture_id for capture in (await looked(wires, asking("x"), asking("y", 2))).captures] == ["new"]
    wires["y"].says = "old"
    with pytest.raises(ApplicationError) as failed:
        await looked(wires, asking("x"), asking("y", 2))
    assert failed.value.type == type(error).__name__
    assert failed.value.next_retry_delay is not None
