"""Complaints on a real server: answered, and upheld their filing starts again, once, whatever is lost meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from motcua import FilingClosed, NotAllowed, SameIdOtherContent
from schemas.filing import commands as cm
from schemas.filing.state import Stage, Status
from schemas.ids import complaint_workflow
from tests.conftest import World
from tests.shell import Shell
from tests.sound import sound
from tests.workflow.complaints import SECOND, UPHELD, answered, complained, complaint, refused, reopened, seq_of

REJECTED: Final = UPHELD | {"outcome": "rejected"}


async def settled(world: World, stream: str) -> Any:
    """The complaint once it has come to its end."""
    await world.temporal.get_workflow_handle(stream).result()
    return (await world.client.complaints(stream.split(":")[1]))[-1]


async def test_upheld_a_refusal_is_decided_again_though_temporal_loses_both(running: World) -> None:
    """Complaint and filing, between the answer and the filing's new decision."""
    play = await refused(running)
    stream = await complained(play, "decided")
    await answered(play, stream, UPHELD)
    await reopened(play)
    view = await play.view()
    assert (view.status, view.stage, view.decision, view.result) == (Status.PROCESSING, Stage.REVIEW, None, None)
    assert view.fee is not None
    assert view.fee.state == "paid"
    for name in (stream, f"filing:{play.filing}"):
        handle = running.temporal.get_workflow_handle(name)
        if (await handle.describe()).close_time is None:
            await handle.terminate("lost")
        await running.temporal.start_workflow(name.split(":")[0].title(), {"restart": {}}, id=name, task_queue="motcua")
    found = await settled(running, stream)
    await play.act(cm.Claim, SECOND)
    await play.act(cm.Decide, SECOND, outcome="approved")
    assert (await play.at(Stage.CLOSED)).status is Status.RETURNED
    kinds = await play.kinds()
    counted = [kinds.count(kind) for kind in ("reopened", "decided", "result_issued", "parcel_requested", "fee_paid")]
    assert counted == [1, 2, 2, 2, 1]
    assert await play.kinds("parcel", 2) == ["consignment_requested", "consignment_sent", "consignment_ended"]
    settling = ["complained", "claimed", "complaint_answered", "complaint_settled"]
    assert await play.kinds("complaint", 1) == settling
    assert (found.state, found.reopened, found.answerer) == ("upheld", True, SECOND.subject)
    assert (await running.client.parked(play.filing)) == []
    await sound(running)


async def test_the_same_complaint_again_is_the_same_and_another_under_its_number_is_refused(running: World) -> None:
    play = await refused(running)
    about = await seq_of(play, "decided")
    first = await running.client.complain(complaint(play, about))
    assert await running.client.complain(complaint(play, about)) == first
    with pytest.raises(SameIdOtherContent):
        await running.client.complain(complaint(play, about, words="khác"))
    with pytest.raises(NotAllowed) as error:
        await running.client.complain(complaint(play, about, 2))
    assert error.value.refusal.problems[0].rule == "disputed_already"
    stream = complaint_workflow(play.filing, 1)
    before = await play.kinds()
    await answered(play, stream, REJECTED)
    found = await settled(running, stream)
    assert (found.state, found.reopened, found.reason) == ("rejected", None, "giấy tờ hợp lệ")
    assert await play.kinds() == before
    assert await running.client.complain(complaint(play, about)) == first
    with pytest.raises(FilingClosed):
        await play.give(stream, cm.Release, SECOND)
    await sound(running)


async def test_a_complaint_by_hand_and_what_became_of_it(
    running: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # beside no running stack
    shell, play = Shell(running.process_env), await refused(running)
    about, who = await seq_of(play, "decided"), f"applicant:{play.submission.applicant.subject}"
    words = ("--about", str(about), "--words", "xem lại", "--actor", who, "--json")
    first = await shell("complain", play.filing.hex, *words)
    assert (first.code, first.json["command_id"]) == (0, "complain"), first.err
    assert (await shell("complain", play.filing.hex, *words, "--n", "1")).json == first.json
    again = await shell("complain", play.filing.hex, *words)
    assert (again.code, again.json["problems"][0]["rule"]) == (1, "disputed_already")
    assert [one["state"] for one in (await shell("complaints", play.filing.hex, "--json")).json] == ["recorded"]
    assert "waits to be taken up" in (await shell("complaints", play.filing.hex)).out
