"""The result on its way, on a real server, worker, database and post: chosen, changed, read, and fetched by whom."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from motcua import NotAllowed
from schemas.filing import commands as cm
from schemas.filing.state import Stage, Status
from schemas.people import Role
from schemas.reading import Audience
from tests.acting import ADDRESS, BIRTH, Play, birth, eventually, publish_short
from tests.conftest import World
from tests.workflow.delivery import at_the_post, fetched

SIGNED: Final[dict[str, Any]] = {"recipient": "Nguyễn Văn An", "signed_on_paper": True}


async def read(world: World, **seconds: int) -> Play:
    """A result that waits to be read, for an hour unless something else is said."""
    version = await publish_short(world, BIRTH, **{"reading": 3600} | seconds)
    play = await Play.begin(world, birth(version=version, result_channel="online"))
    await play.at(Stage.READING)
    return play


async def stored(world: World, kind: str) -> list[str]:
    """What the log holds of events of this kind that is not sealed."""
    async with world.connection() as connection:
        rows = await connection.fetch("select body from event where kind = $1", kind)
    return [row["body"].decode() for row in rows]


async def test_the_pick_up_code_is_sealed_and_told_to_the_applicant_alone(running: World) -> None:
    play = await fetched(running)
    told = await running.client.delivery(play.filing)
    assert told.pickup_code is not None
    assert (told.desk, told.link) == ("H56.30", None)
    assert await stored(running, "pickup_offered") == ["{}"]
    assert told.pickup_code not in (await play.view()).model_dump_json()
    for audience in Audience:
        entries = await running.client.timeline(play.filing, audience)
        [offered] = [entry for entry in entries if entry.kind == "pickup_offered"]
        seen = (offered.personal or {}).get("code")
        assert seen == (told.pickup_code if audience is Audience.APPLICANT else None), audience


async def test_a_wrong_code_is_refused_and_counted_once_for_each_command(running: World) -> None:
    play = await fetched(running)
    code = (await running.client.delivery(play.filing)).pickup_code
    assert code is not None
    wrong = SIGNED | {"code": f"{(int(code) + 1) % 10**6:06d}", "command_id": "fetched-1"}
    for _ in range(2):
        with pytest.raises(NotAllowed) as refused:
            await play.act(cm.HandOver, play.officer(Role.HANDOVER), **wrong)
        assert [problem.rule for problem in refused.value.refusal.problems] == ["wrong_code"]
    assert (await play.kinds())[-2:] == ["pickup_offered", "wrong_code_given"]
    await play.hand_over()
    assert (await play.view()).status is Status.RETURNED
    assert (await play.kinds())[-2:] == ["wrong_code_given", "handed_over"]


async def test_a_result_is_read_at_its_link_until_that_is_renewed(running: World) -> None:
    play = await read(running)
    first = (await running.client.delivery(play.filing)).link
    assert first is not None
    [offered] = map(json.loads, await stored(running, "result_offered"))
    assert set(offered) == {"n", "link_sha256"}
    assert first not in json.dumps(offered)
    assert (await running.client.linked_result(play.filing, first)).outcome == "approved"
    await play.act(cm.RenewLink, play.officer(Role.HANDOVER))
    with pytest.raises(NotAllowed, match="link_expired"):
        await running.client.linked_result(play.filing, first)
    second = (await running.client.delivery(play.filing)).link
    await play.act(cm.AcknowledgeResult, play.submission.actor, link=second)
    view = await play.view()
    assert (view.status, view.stage) == (Status.RETURNED, Stage.CLOSED)
    assert (await play.kinds())[-3:] == ["result_offered", "result_offered", "handed_over"]


async def under_way(world: World, postcode: str) -> Play:
    """A result that the post has been asked to bring."""
    play = await Play.begin(world, birth(result_channel="post", address=ADDRESS | {"postcode": postcode}))
    await eventually(lambda: play.kinds("parcel", 1), lambda kinds: "consignment_sent" in kinds)
    return play


async def test_what_has_left_when_it_is_wanted_otherwise_is_followed_and_goes_nowhere_else(running: World) -> None:
    play = await under_way(running, "99904")
    await eventually(lambda: at_the_post(running, play), lambda there: "in_transit" in there["1"])
    await play.act(cm.ChangeDelivery, play.submission.actor, channel="counter")
    await eventually(lambda: play.kinds("parcel", 1), lambda kinds: "consignment_left" in kinds)
    assert (await play.view()).stage is Stage.DELIVERY
    with pytest.raises(NotAllowed, match="parcel_called_back"):
        await play.act(cm.ChangeDelivery, play.submission.actor, channel="online")
