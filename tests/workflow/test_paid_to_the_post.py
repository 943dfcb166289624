"""A fee that the postman collects with the result, on the real stack and the sandbox post."""

from __future__ import annotations

from typing import Any, Final

from schemas.filing.state import Closing, FeeState, Stage, Status
from schemas.level import Channel
from tests.acting import ADDRESS, EXTRACT, Play, extract, publish_changed
from tests.conftest import World
from tests.sound import sound

POSTAGE: Final = 0
"""What the post has for itself."""


async def brought(running: World, postcode: str) -> Play:
    """An extract at level 3 whose fee of 16,000 đồng is due with the result, and collected by the post."""
    due = {"due": "result", "channels": ["online", "counter", "post"]}
    version = await publish_changed(running, EXTRACT, lambda fields: fields["fee"].update(due))
    filed: dict[str, Any] = {
        "version": version,
        "fee_channel": "post",
        "payer_account": None,
        "result_channel": "post",
        "address": ADDRESS | {"postcode": postcode},
    }
    play = await Play.begin(running, extract(**filed))
    await play.accept()
    await play.review()
    return play


async def test_the_postman_collects_the_fee_and_the_parcel_bears_it_out(running: World) -> None:
    play = await brought(running, "10000")
    view = await play.at(Stage.CLOSED)
    assert (view.closing, view.status) == (Closing.DELIVERED, Status.RETURNED)
    assert view.fee is not None
    assert (view.fee.state, view.fee.channel, view.fee.amount) == (FeeState.PAID, Channel.POST, 16_000)
    kinds = await play.kinds()
    assert kinds[-4:] == ["fee_requested", "parcel_requested", "fee_paid", "handed_over"]
    parcel = await running.client.parcel(play.filing, 1)
    assert parcel.collected == parcel.cod == 16_000 + POSTAGE
    await sound(running)


async def test_what_comes_back_is_paid_at_the_counter(running: World) -> None:
    play = await brought(running, "99902")
    view = await play.at(Stage.FEE)
    assert view.fee is not None
    assert view.fee.state is FeeState.DUE
    await play.pay_at_counter(16_000)
    await play.at(Stage.PICKUP)
    await play.hand_over()
    kinds = await play.kinds()
    assert kinds[kinds.index("parcel_requested") :] == [
        "parcel_requested",
        "parcel_failed",
        "fee_paid",
        "pickup_offered",
        "handed_over",
    ]
    await sound(running)
