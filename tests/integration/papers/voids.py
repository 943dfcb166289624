"""Payments that are charged back, and their receipts."""

import json
from datetime import UTC, datetime
from typing import Any, Final

from activities.partners.money.provider import Notice
from activities.partners.money.telling import tell_payment
from schemas.ids import fee_key, payment_workflow, reference_of
from schemas.payment.state import MoneyNotice
from tests.acting import Play, eventually, extract
from tests.callbacks import kept
from tests.conftest import World

AMOUNT: Final = 16_000


async def paid(world: World, **said: Any) -> Play:
    play = await Play.begin(world, extract(**said))
    await play.accept()
    if not said:
        await eventually(play.kinds, lambda kinds: "fee_paid" in kinds)
    return play


async def charge_back(play: Play, amount: int = AMOUNT) -> None:
    """Report a charge-back twice, as any callback may be repeated."""
    async with play.world.connection() as connection:
        body = await connection.fetchval(
            "select body from event where stream = $1 and kind = 'payment_captured'", payment_workflow(play.filing, 1)
        )
        provider = await connection.fetchval("select provider from payment where filing_id = $1", play.filing)
    said = {
        "reference": reference_of(fee_key(play.filing, 1)),
        "transaction": json.loads(body)["capture_id"],
        "amount": amount,
        "outcome": "reversed",
        "at": datetime.now(UTC),
    }
    await kept(play.world, Notice.model_validate(said | {"provider": provider, "said": ()}))
    notice = MoneyNotice.model_validate(said)
    for _ in range(2):
        await tell_payment(play.world.temporal, payment_workflow(play.filing, 1), notice)
    await eventually(lambda: play.kinds("payment", 1), lambda kinds: "payment_charged_back" in kinds)


async def register(world: World) -> list[tuple[int, bool]]:
    """Returns the đồng of every receipt, and True if it is void."""
    async with world.connection() as connection:
        rows = await connection.fetch("select amount, voided_at is not null as void from money_receipt order by number")
    return [(row["amount"], row["void"]) for row in rows]


async def voided(world: World) -> list[str | None]:
    async with world.connection() as connection:
        rows = await connection.fetch("select body from event where kind = 'receipt_voided' order by stream, seq")
    return [json.loads(row["body"]).get("cause") for row in rows]
