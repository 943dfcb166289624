"""Receipts for money that went back become void without an officer once no money is left; no new one is made."""

import json
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from activities.partners.money.provider import Notice
from gateway.relay import tell_payment
from operations.commands.money.receipts import void_receipt
from schemas.ids import fee_key, payment_workflow, reference_of
from schemas.papers.commands import ApproveVoid, VoidReceipt
from schemas.payment.state import MoneyNotice
from schemas.people import Role
from schemas.refund.commands import ApproveRefund, RequestRefund
from tests.acting import VIA, Play, eventually, extract, officer
from tests.callbacks import kept
from tests.conftest import World
from tests.integration.papers.receipts import outside, service
from tests.integration.papers.relays import Desk, at_work, desk, work
from tests.sound import sound

AMOUNT: Final = 16_000


async def paid(world: World) -> Play:
    play = await Play.accepted(world, extract())
    await eventually(play.kinds, lambda kinds: "fee_paid" in kinds)
    return play


async def charge_back(play: Play) -> None:
    """Reports a charge-back twice, as any callback may be repeated."""
    captured = "select body from event where stream = $1 and kind = 'payment_captured'"
    body = await play.world.fetchval(captured, payment_workflow(play.filing, 1))
    provider = await play.world.fetchval("select provider from payment where filing_id = $1", play.filing)
    said = {
        "reference": reference_of(fee_key(play.filing, 1)),
        "transaction": json.loads(body)["capture_id"],
        "amount": AMOUNT,
        "outcome": "reversed",
        "at": datetime.now(UTC),
    }
    await kept(play.world, Notice.model_validate(said | {"provider": provider, "said": ()}))
    notice = MoneyNotice.model_validate(said)
    for _ in range(2):
        await tell_payment(play.world.temporal, payment_workflow(play.filing, 1), notice)
    await eventually(lambda: play.kinds("payment", 1), lambda kinds: "payment_charged_back" in kinds)


async def register(world: World) -> list[tuple[int, bool]]:
    rows = await world.fetch("select amount, voided_at is not null as void from money_receipt order by number")
    return [(row["amount"], row["void"]) for row in rows]


__all__ = ["desk", "outside", "service"]
CASHIER: Final = officer(Role.CASHIER)
WHY: Final[dict[str, Any]] = {"reason": "nộp nhầm", "legal_basis": "TT 45/2006"}


async def give_back(play: Play, amount: int, case: int) -> None:
    await play.refund(RequestRefund, CASHIER, amount=amount, **WHY)
    await play.refund(ApproveRefund, officer(Role.LEADER), case=case)
    await eventually(lambda: play.kinds("payment", 1), lambda kinds: kinds.count("payment_refunded") == case)


async def test_a_receipt_stays_until_the_last_dong_of_it_has_gone_back(world: World, desk: Desk) -> None:
    async with at_work(world):
        play = await paid(world)
        await work(desk.relay())
        await give_back(play, 6_000, 1)
        await work(desk.relay())
        assert await register(world) == [(AMOUNT, False)]
        await give_back(play, AMOUNT - 6_000, 2)
    await work(desk.relay())
    assert await register(world) == [(AMOUNT, True)]
    rows = await world.fetch("select body from event where kind = 'receipt_voided'")
    assert [json.loads(row["body"])["cause"] for row in rows] == ["refunded"]
    assert await work(desk.relay()) == 0
    await sound(world)


@pytest.mark.parametrize("again", [True, False])
async def test_money_that_is_gone_before_its_receipt_came_has_none(world: World, desk: Desk, *, again: bool) -> None:
    """The relay was away, and then finds all changes at once; it makes no new receipt in place of a void one."""
    async with at_work(world):
        play = await paid(world)
        if again:
            await work(desk.relay())
            await void_again(world)
        await charge_back(play)
    for _ in range(2):
        await desk.now()
        await work(desk.relay())
    assert await register(world) == ([(AMOUNT, True)] if again else [])
    await sound(world)


async def void_again(world: World) -> None:
    number = await world.fetchval("select number from money_receipt")
    why: dict[str, Any] = {"command_id": "v", "reason": "sai tên", "again": True}
    command = VoidReceipt(actor=CASHIER, via=VIA, registered=number, **why)
    await void_receipt(world.app_dsn, world.settings.master, command)
    approved = ApproveVoid(command_id="a", actor=officer(Role.LEADER), via=VIA, registered=number)
    await void_receipt(world.app_dsn, world.settings.master, approved)
