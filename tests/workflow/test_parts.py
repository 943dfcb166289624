"""A fee transferred in parts: they pay it together, or all of them are refunded; the bank's books agree."""

import json
import random
from typing import Any, Final

import pytest

from rules.refund.claims import number_of
from schemas.payment.state import PaymentState
from schemas.people import Role
from schemas.refund.commands import AcceptShortPayment, ApproveShortPayment
from tests.acting import Play, eventually, extract
from tests.callbacks import merchants_of
from tests.sound import sound
from tests.workflow.money import AMOUNT, Till, at_work
from tests.workflow.money import till as till

WHY: Final[dict[str, Any]] = {"reason": "nộp thiếu", "legal_basis": "TT 45/2006"}


@pytest.fixture
def wire() -> str:
    return "vietqr"


async def has(play: Play, dong: int) -> None:
    await eventually(lambda: play.world.client.payment(play.filing, 1), lambda view: view.captured == dong)


async def transferred(till: Till, *amounts: int) -> Play:
    """Returns a filing whose fee was paid by transfers of these amounts, each after the one before is recorded."""
    play = await Play.accepted(till.world, extract(payer_account=None))
    await till.ordered(play)
    memo = list(till.streams)[-1]
    account = merchants_of(till.bank)["vietqr"].account  # type: ignore[union-attr]
    for n, amount in enumerate(amounts, 1):
        note = {"account": account, "amount": amount, "memo": f"nop phi {memo}"}
        till.bank.client.post("/vietqr/transfers", json=note).raise_for_status()
        await has(play, sum(amounts[:n]))
    return play


async def opened(play: Play, ordinal: int, last: str) -> list[dict[str, Any]]:
    """Waits until the log of a capture's refund ends with this kind of event; returns the cases of the refund."""
    n = number_of(1, ordinal)
    await eventually(lambda: play.kinds("refund", n), lambda kinds: kinds[-1:] == [last])
    asked = "select convert_from(body, 'UTF8') from event where stream = $1 and kind = 'refund_opened' order by seq"
    return [json.loads(row[0]) for row in await play.world.fetch(asked, f"refund:{play.filing}:{n}")]


async def test_transfers_pay_a_fee_together_or_go_back_together(till: Till) -> None:
    chance = random.Random(34)
    cuts = [chance.randint(1, AMOUNT - 2) for _ in range(4)]
    async with at_work(till):
        whole = await transferred(till, cuts[0], AMOUNT - cuts[0])
        over = await transferred(till, cuts[1], AMOUNT - cuts[1] + 7)
        short = await transferred(till, cuts[2], AMOUNT - cuts[2] - 1)
        never = await transferred(till, cuts[3], AMOUNT - cuts[3] - 1)
        await short.refund(AcceptShortPayment, short.officer(Role.CASHIER), 1001, **WHY)
        await short.refund(ApproveShortPayment, short.officer(Role.LEADER), 1001)
        await never.withdraw()
        for play, forgone in ((whole, 0), (over, 0), (short, 1)):
            await play.until(lambda view: view.fee is not None and view.fee.state == "paid")
            last = "shortfall_accepted" if forgone else "shortfall_made_up"
            assert await opened(play, 1, last) == []
        assert [(one["amount"], one["cause"]) for one in await opened(over, 2, "refund_opened")] == [(7, "excess")]
        assert await opened(short, 2, "shortfall_made_up") == []
        back = [(await opened(never, n, "refund_opened"))[0] for n in (1, 2)]
        assert [(one["amount"], one["cause"]) for one in back] == [(cuts[3], "late"), (AMOUNT - cuts[3] - 1, "late")]
        assert (await till.world.client.payment(never.filing, 1)).state == PaymentState.CANCELLED
        await sound(till.world)
