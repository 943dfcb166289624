"""Results on a real server: signed by the agency's officers, declined and signed again, revoked, corrected."""

from __future__ import annotations

import json
from typing import Final

import pytest

from motcua import NotAllowed
from motcua.store import Store, open_store
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
    SIGNED,
    WHY,
    act,
    corrected,
    decided,
    declined,
    register,
    revoked,
    set_up,
    signers,
    tasks_of,
    validity,
)


@pytest.fixture
async def signing(running: World) -> World:
    """An agency whose officers sign its results."""
    await set_up(running, signers())
    return running


async def test_officers_sign_one_after_the_other_and_only_then_the_result_is_there(signing: World) -> None:
    play = await decided(signing)
    view = await play.at(Stage.CLOSED)
    assert view.status is Status.RETURNED
    assert await play.kinds("result", 1) == ["result_entered", "result_made", *SIGNED * 3, "result_released"]
    assert (await play.kinds()).count("result_issued") == 1
    assert await register(play) == [("K0000001", "in_force")]
    assert (view.result and view.result.media_type) == "application/pdf"
    await sound(signing)


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


async def test_an_officer_who_is_asked_may_decline_with_a_reason_and_nobody_else(running: World) -> None:
    play = await declined(running)
    assert await register(play) == [("K0000001", "voided"), ("K0000002", "in_force")]
    await sound(running)


async def test_a_result_that_the_filing_issued_is_revoked_by_whoever_may(running: World) -> None:
    play = await revoked(running)
    assert await play.kinds("result", 1) == ["result_entered", "result_revoked"]
    assert await validity(play, "K0000001") is Validity.REVOKED
    await sound(running)


async def test_a_correction_takes_a_number_of_its_own_and_marks_the_one_that_it_corrects(running: World) -> None:
    play = await corrected(running)
    assert await play.kinds("result", 1) == [
        *("result_entered", "result_entered", "result_made"),
        *SIGNED * 3,
        *("result_replaced", "result_released"),
    ]
    assert await register(play) == [("K0000001", "replaced"), ("K0000002", "in_force")]
    assert await validity(play, "K0000001") is Validity.REPLACED
    assert await play.world.client.parked(play.filing) == []
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
