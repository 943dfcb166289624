"""What a tax office demands over each wire through the real gateway: its callback is the proof."""

from __future__ import annotations

from schemas.filing.state import Stage
from tests.integration.gateway.calls import till as till
from tests.integration.gateway.calls import verdicts
from tests.workflow.money import Till, at_work, every_wire
from tests.workflow.obligations import AMOUNT, PAID, N, demanded


@every_wire
async def test_what_is_paid_meets_the_obligation(till: Till) -> None:
    async with at_work(till):
        play = await demanded(till.world, None)
        await till.pay(await till.page(await till.ordered(play, N)))
        await play.at(Stage.REVIEW)
        assert await verdicts(till) == ["confirmed"]
        assert await play.kinds("payment", N) == PAID
        view = await till.world.client.payment(play.filing, N)
        assert (view.state, view.captured, view.refunded) == ("paid", AMOUNT, 0)
