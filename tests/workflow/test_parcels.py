"""Every way a parcel can go, at a post over HTTP: what it says is followed, however late, and nothing goes twice."""

from __future__ import annotations

import pytest

from motcua import NotAllowed
from schemas import ids
from schemas.filing import commands as cm
from schemas.filing.events import ParcelOutcome
from schemas.filing.state import Closing, Stage, Status
from schemas.parcel.state import ParcelState
from schemas.people import Role
from tests.acting import eventually
from tests.conftest import World
from tests.workflow.delivery import SENT, at_the_post, posted, the_post, the_post_is_asked_to_pay


async def test_one_invitation_and_it_is_delivered(running: World) -> None:
    play = await posted(running, "99905")
    assert (await play.at(Stage.CLOSED)).closing is Closing.DELIVERED
    assert await play.kinds("parcel", 1) == [*SENT, "consignment_invited", "consignment_ended"]
    assert (await running.client.parcel(play.filing)).invitations == 1


async def test_after_two_invitations_it_is_fetched_at_the_counter(running: World) -> None:
    play = await posted(running, "99906")
    assert (await play.at(Stage.PICKUP)).status is Status.PROCESSED
    assert await play.kinds("parcel", 1) == [*SENT, *["consignment_invited"] * 2, "consignment_ended"]
    parcel = await running.client.parcel(play.filing)
    assert (parcel.state, parcel.invitations) == (ParcelState.RETURNED, 2)
    await play.hand_over()
    assert (await play.kinds())[-4:] == ["parcel_requested", "parcel_failed", "pickup_offered", "handed_over"]


@pytest.mark.parametrize(("postcode", "end"), [("99903", ParcelState.LOST), ("99910", ParcelState.DAMAGED)])
async def test_what_is_lost_is_made_anew_and_sent_again(running: World, postcode: str, end: ParcelState) -> None:
    play = await posted(running, postcode)
    view = await play.at(Stage.CLOSED)
    anew = ["parcel_failed", "reissue_requested", "result_issued", "parcel_requested", "handed_over"]
    assert (await play.kinds())[-5:] == anew
    assert [(copy.copy_number, copy.outcome) for copy in view.revoked_copies] == [(1, end.value)]
    assert view.copy_number == 2
    assert [(await running.client.parcel(play.filing, n)).state for n in (1, 2)] == [end, ParcelState.DELIVERED]
    assert list(await at_the_post(running, play)) == ["1", "2"]


async def test_what_was_lost_and_made_anew_and_is_found_is_revoked(running: World) -> None:
    play = await posted(running, "99907")
    await eventually(play.kinds, lambda kinds: "parcel_found" in kinds)
    view = await play.view()
    assert view.stage is Stage.DELIVERY
    assert [(copy.copy_number, copy.outcome) for copy in view.revoked_copies] == [(1, ParcelOutcome.DELIVERED)]
    assert (await play.at(Stage.CLOSED)).copy_number == 2
    assert (await play.kinds())[-3:] == ["parcel_requested", "parcel_found", "handed_over"]
    assert (await running.client.parcel(play.filing, 1)).state is ParcelState.DELIVERED


async def test_what_came_back_and_was_delivered_all_the_same_has_arrived(running: World) -> None:
    play = await posted(running, "99908")
    await play.at(Stage.PICKUP)
    assert (await play.at(Stage.CLOSED)).status is Status.RETURNED
    assert (await play.kinds())[-3:] == ["parcel_failed", "pickup_offered", "handed_over"]
    assert await play.kinds("parcel", 1) == [*SENT, "consignment_ended", "consignment_ended"]


async def test_what_the_post_will_not_take_is_fetched_at_the_counter(running: World) -> None:
    play = await posted(running, "99909")
    await play.at(Stage.PICKUP)
    parcel = await running.client.parcel(play.filing)
    assert (parcel.state, parcel.waybill) == (ParcelState.RETURNED, None)
    handle = running.temporal.get_workflow_handle(ids.parcel_workflow(play.filing, 1))
    assert (await handle.result())["state"] == "returned"


async def test_a_word_that_nobody_knows_is_kept(running: World) -> None:
    play = await posted(running, "99911")
    await play.at(Stage.CLOSED)
    assert await play.kinds("parcel", 1) == [*SENT, "consignment_reported", "consignment_ended"]


async def test_a_parcel_that_has_not_left_is_had_back(running: World) -> None:
    play = await posted(running, "99912")
    await eventually(lambda: play.kinds("parcel", 1), lambda kinds: "consignment_sent" in kinds)
    await play.act(cm.CancelParcel, play.officer(Role.HANDOVER))
    assert (await play.at(Stage.PICKUP)).status is Status.PROCESSED
    assert await play.kinds("parcel", 1) == [*SENT, "consignment_recalled", "consignment_ended"]
    assert await at_the_post(running, play) == {"1": ["accepted", "cancelled"]}
    with pytest.raises(NotAllowed):
        await play.act(cm.CancelParcel, play.officer(Role.HANDOVER))


async def test_a_parcel_that_has_left_is_followed_as_before(running: World) -> None:
    play = await posted(running, "99904")
    await eventually(lambda: at_the_post(running, play), lambda said: said.get("1", [""])[-1] == "in_transit")
    await play.act(cm.CancelParcel, play.officer(Role.HANDOVER))
    kinds = await eventually(lambda: play.kinds("parcel", 1), lambda kinds: "consignment_left" in kinds)
    assert kinds == [*SENT, "consignment_recalled", "consignment_left"]
    assert (await play.view()).stage is Stage.DELIVERY


async def test_nobody_has_a_parcel_back_whose_filing_does_not_say_so(running: World) -> None:
    play = await posted(running, "99912")
    await eventually(lambda: play.kinds("parcel", 1), lambda kinds: "consignment_sent" in kinds)
    handle = running.temporal.get_workflow_handle(ids.parcel_workflow(play.filing, 1))
    await handle.signal("cancel", "mine")
    await play.act(cm.CancelParcel, play.officer(Role.HANDOVER))
    await play.at(Stage.PICKUP)
    assert (await play.kinds("parcel", 1)).count("consignment_recalled") == 1


async def test_while_the_post_answers_nobody_parcels_wait(running: World) -> None:
    async with the_post(running) as post:
        (await post.put("/outage", json={"seconds": 600})).raise_for_status()
        try:
            waiting = await posted(running, "99912")
            moving = await posted(running, "10000")
            for play in (waiting, moving):
                await play.at(Stage.DELIVERY)
            await waiting.act(cm.CancelParcel, waiting.officer(Role.HANDOVER))
            assert await waiting.kinds("parcel", 1) == ["consignment_requested"]
        finally:
            (await post.put("/outage", json={"seconds": 0})).raise_for_status()
    assert (await moving.at(Stage.CLOSED)).status is Status.RETURNED
    await waiting.at(Stage.PICKUP)
    assert await at_the_post(running, waiting) == {"1": ["accepted", "cancelled"]}
    assert await at_the_post(running, moving) == {"1": ["accepted", "in_transit", "delivered"]}


async def test_the_desk_asks_the_post_to_pay_for_what_it_lost(running: World) -> None:
    play = await the_post_is_asked_to_pay(running)
    assert (await running.client.parcel(play.filing)).claim == "12/YC-PVHCC"
    async with running.connection() as connection:
        stream = ids.parcel_workflow(play.filing, 1)
        assert await connection.fetchval("select count(*) from task where stream = $1", stream) == 0
