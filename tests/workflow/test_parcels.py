"""Parcels at a post over HTTP, beside the stories of the demo: refused, had back, and lost, for which the post pays."""

from __future__ import annotations

import pytest

from motcua import NotAllowed
from schemas import ids
from schemas.filing import commands as cm
from schemas.filing.state import Stage, Status
from schemas.parcel.commands import ClaimCompensation
from schemas.parcel.state import ParcelState
from schemas.people import Role
from tests.acting import VIA, eventually
from tests.conftest import World
from tests.workflow.delivery import SENT, at_the_post, posted


async def test_what_is_lost_is_made_anew_and_sent_again_and_the_desk_asks_the_post_to_pay(running: World) -> None:
    play = await posted(running, "99903")
    view = await play.at(Stage.CLOSED)
    anew = ["parcel_failed", "reissue_requested", "result_issued", "parcel_requested", "handed_over"]
    assert (await play.kinds())[-5:] == anew
    assert [(copy.copy_number, copy.outcome) for copy in view.revoked_copies] == [(1, "lost")]
    assert view.copy_number == 2
    states = [(await running.client.parcel(play.filing, n)).state for n in (1, 2)]
    assert states == [ParcelState.LOST, ParcelState.DELIVERED]
    assert list(await at_the_post(running, play)) == ["1", "2"]
    stream = ids.parcel_workflow(play.filing, 1)
    given = {"command_id": "claim", "actor": play.officer(Role.HANDOVER), "via": VIA, "reference": "12/YC-PVHCC"}
    await running.client.act(stream, ClaimCompensation.model_validate(given))
    assert (await running.client.parcel(play.filing)).claim == "12/YC-PVHCC"
    async with running.connection() as connection:
        assert await connection.fetchval("select count(*) from task where stream = $1", stream) == 0


async def test_what_the_post_will_not_take_is_fetched_at_the_counter(running: World) -> None:
    play = await posted(running, "99909")
    await play.at(Stage.PICKUP)
    parcel = await running.client.parcel(play.filing)
    assert (parcel.state, parcel.waybill) == (ParcelState.RETURNED, None)
    handle = running.temporal.get_workflow_handle(ids.parcel_workflow(play.filing, 1))
    assert (await handle.result())["state"] == "returned"


async def test_a_parcel_that_has_not_left_is_had_back_if_its_filing_says_so(running: World) -> None:
    play = await posted(running, "99912")
    await eventually(lambda: play.kinds("parcel", 1), lambda kinds: "consignment_sent" in kinds)
    await running.temporal.get_workflow_handle(ids.parcel_workflow(play.filing, 1)).signal("cancel", "mine")
    await play.act(cm.CancelParcel, play.officer(Role.HANDOVER))
    assert (await play.at(Stage.PICKUP)).status is Status.PROCESSED
    assert await play.kinds("parcel", 1) == [*SENT, "consignment_recalled", "consignment_ended"]
    assert await at_the_post(running, play) == {"1": ["accepted", "cancelled"]}
    with pytest.raises(NotAllowed):
        await play.act(cm.CancelParcel, play.officer(Role.HANDOVER))
