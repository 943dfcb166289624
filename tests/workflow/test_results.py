"""Results on a real server: signed by the agency's officers, declined and signed again, revoked, corrected."""

from __future__ import annotations

import json
from typing import Final

import pytest

from motcua import NotAllowed
from motcua.files.store import Store, open_store
from schemas.files import FileRef
from schemas.filing.state import Stage, Status
from schemas.ids import result_workflow
from schemas.people import Role
from schemas.result.commands import CorrectResult, RevokeResult, SignAgain
from schemas.result.state import Validity
from tests.acting import eventually
from tests.conftest import World
from tests.printed import raw_text
from tests.sound import sound
from tests.workflow.results import (
    CLERK,
    LEADER,
    WHY,
    act,
    decided,
    register,
    set_up,
    signers,
    tasks_of,
    validity,
)

DECLINES: Final = "001085009901"


async def test_who_says_no_to_the_signing_service_voids_the_number_and_a_leader_has_it_signed_again(
    running: World,
) -> None:
    await set_up(running, signers(leader=DECLINES))
    play = await decided(running)
    await eventually(lambda: play.kinds("result", 1), lambda kinds: "number_voided" in kinds)
    assert await register(play) == [("K0000001", "voided")]
    assert await tasks_of(play, Role.LEADER) == [("sign_again", None, ("sign_again",))]
    assert (await play.view()).result is None
    assert await validity(play, "K0000001") is Validity.VOIDED
    with pytest.raises(NotAllowed):
        await act(play, SignAgain, CLERK)
    await set_up(running, signers())
    await act(play, SignAgain, LEADER)
    view = await play.at(Stage.CLOSED)
    assert view.status is Status.RETURNED
    assert await register(play) == [("K0000001", "voided"), ("K0000002", "in_force")]
    assert await validity(play, "K0000002") is Validity.IN_FORCE
    await sound(running)


async def test_a_correction_that_nobody_signs_is_a_page_under_its_number_too(running: World) -> None:
    play = await decided(running)
    await play.at(Stage.CLOSED)
    await act(play, CorrectResult, LEADER, **WHY)
    await eventually(lambda: play.kinds("result", 1), lambda kinds: kinds[-1] == "result_released")
    async with running.connection() as connection:
        [found] = await connection.fetch(
            "select convert_from(body, 'UTF8') from event where stream = $1 and kind = 'result_released'",
            result_workflow(play.filing, 1),
        )
    file = FileRef.model_validate(json.loads(found[0])["result"])
    page = raw_text(await Store(open_store(running.objects)).get(file), "(?!)")
    assert (file.media_type, "K0000002" in page) == ("application/pdf", True)


async def test_what_a_clerk_brings_is_signed_as_the_correction(running: World) -> None:
    play = await decided(running)
    issued = (await play.at(Stage.CLOSED)).result
    assert issued is not None
    brought = FileRef.model_validate(issued.model_dump())
    await act(play, CorrectResult, CLERK, result=brought, **WHY)
    await eventually(lambda: register(play), lambda found: found[-1][1] == "in_force")
    assert [state for _, state in await register(play)] == ["replaced", "in_force"]
    await act(play, RevokeResult, LEADER, **WHY)
    assert [state for _, state in await register(play)] == ["replaced", "revoked"]
    await sound(running)
