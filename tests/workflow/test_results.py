"""Results on a real server: signed by the agency's officers, declined and signed again, revoked, corrected."""

from __future__ import annotations

import json
from typing import Any, Final
from uuid import uuid4

import pytest

from motcua import NotAllowed, NotAuthorised, NotFound
from motcua.store import Store, open_store
from operations.ledger_verifier import verify
from operations.rebuild import rebuild
from schemas import result as rs
from schemas.files import FileRef
from schemas.filing import commands as cm
from schemas.filing.state import Stage, Status
from schemas.ids import result_workflow
from schemas.people import Actor, Role
from schemas.reading import AskTasks
from schemas.result import Validity
from tests.acting import AGENCY, VIA, Play, eventually, extract, officer
from tests.conftest import World
from tests.printed import raw_text
from views.results import of_filing, standing_of

LEADER: Final = officer(Role.LEADER)
INITIALS: Final = officer(Role.SPECIALIST)
CLERK: Final = officer(Role.CLERK)
WHY: Final = {"reason": "sai ngày sinh", "legal_basis": "NĐ 123/2015 Đ33"}
SIGNED: Final = ["signature_requested", "result_signed"]


def signers(leader: str = "001085000012") -> list[dict[str, str]]:
    return [
        {
            "place": "initials",
            "officer": INITIALS.subject,
            "role": "specialist",
            "number": "001085000011",
        },
        {"place": "signature", "officer": LEADER.subject, "role": "leader", "number": leader},
        {"place": "seal", "officer": CLERK.subject, "role": "clerk", "number": "0109999999", "holder": "organisation"},
    ]


async def set_up(world: World, signing: list[dict[str, str]]) -> None:
    async with world.connection() as connection:
        await connection.execute("update agency set signing = $2 where agency = $1", AGENCY, json.dumps(signing))


@pytest.fixture
async def signing(running: World) -> World:
    """An agency whose officers sign its results."""
    await set_up(running, signers())
    return running


async def act(play: Play, command: type[cm.Command], actor: Actor, **said: Any) -> None:
    given = {"command_id": f"move-{uuid4()}", "actor": actor, "via": VIA} | said
    await play.world.client.act(result_workflow(play.filing, 1), command.model_validate(given))


async def decided(world: World, **said: Any) -> Play:
    play = await Play.begin(world, extract(**said))
    await play.accept()
    await play.review()
    return play


async def register(play: Play) -> list[tuple[str, str]]:
    """Every number of the filing's results, without its agency and year, and its state."""
    async with play.world.connection() as connection:
        found = await of_filing(connection, str(play.code))
    return [(one.number.rpartition("-")[2], one.state.value) for one in found]


async def validity(play: Play, number: str) -> Validity | None:
    async with play.world.connection() as connection:
        found = await standing_of(connection, f"{AGENCY}-{(await play.view()).as_of:%Y}-{number}")
    return None if found is None else found.validity


async def sound(world: World) -> None:
    """The record is whole, and the read models are what it says."""
    assert (await verify(world.superuser_dsn)).problems == []
    assert set((await rebuild(world.owner_dsn, world.settings.master, lambda *_: None)).changed.values()) == {0}


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
SLOW: Final = "001085009902"


async def tasks_of(play: Play, role: Role) -> list[tuple[str, str | None, tuple[str, ...]]]:
    """What waits for somebody in this role in the streams of results."""
    found = await play.world.client.tasks(AskTasks(agency=AGENCY, role=role))
    return [(one.name, one.officer, one.actions) for one in found.rows if one.stream.startswith("result:")]


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
        await act(play, rs.SignAgain, CLERK)
    await set_up(running, signers())
    await act(play, rs.SignAgain, LEADER)
    view = await play.at(Stage.CLOSED)
    assert view.status is Status.RETURNED
    assert await register(play) == [("K0000001", "voided"), ("K0000002", "in_force")]
    assert await validity(play, "K0000002") is Validity.IN_FORCE
    await sound(running)


async def test_an_officer_who_is_asked_may_decline_with_a_reason_and_nobody_else(running: World) -> None:
    await set_up(running, signers(leader=SLOW))
    play = await decided(running)
    asked = [*SIGNED, "signature_requested"]
    await eventually(lambda: play.kinds("result", 1), lambda kinds: kinds[-3:] == asked)
    assert await tasks_of(play, Role.LEADER) == [("sign:signature", LEADER.subject, ("decline_signature",))]
    for other in (officer(Role.LEADER, n=2), INITIALS):
        with pytest.raises(NotAllowed):
            await act(play, rs.DeclineSignature, other, reason="không phải việc của tôi")
    await act(play, rs.DeclineSignature, LEADER, reason="sai họ tên")
    assert (await play.kinds("result", 1))[-2:] == ["signature_declined", "number_voided"]
    await set_up(running, [])
    await act(play, rs.SignAgain, LEADER)
    await play.at(Stage.CLOSED)
    assert await register(play) == [("K0000001", "voided"), ("K0000002", "in_force")]
    await sound(running)


async def test_a_result_that_the_filing_issued_is_revoked_by_whoever_may(running: World) -> None:
    play = await decided(running)
    await play.at(Stage.CLOSED)
    assert await validity(play, "K0000001") is Validity.IN_FORCE
    with pytest.raises(NotAllowed):
        await act(play, rs.RevokeResult, INITIALS, **WHY)
    with pytest.raises(NotAuthorised):
        await act(play, rs.RevokeResult, officer(Role.CLERK, n=7), **WHY)
    await act(play, rs.RevokeResult, CLERK, **WHY)
    assert await play.kinds("result", 1) == ["result_entered", "result_revoked"]
    assert await validity(play, "K0000001") is Validity.REVOKED
    with pytest.raises(NotAllowed):
        await act(play, rs.RevokeResult, CLERK, **WHY)
    second = rs.RevokeResult.model_validate({"command_id": "second", "actor": CLERK, "via": VIA} | WHY)
    with pytest.raises(NotFound):
        await running.client.act(result_workflow(play.filing, 2), second)
    await sound(running)


async def test_a_correction_takes_a_number_of_its_own_and_marks_the_one_that_it_corrects(running: World) -> None:
    play = await decided(running)
    before = (await play.at(Stage.CLOSED)).result
    await set_up(running, signers())
    await act(play, rs.CorrectResult, LEADER, **WHY)
    await eventually(lambda: play.kinds("result", 1), lambda kinds: kinds[-1] == "result_released")
    assert await play.kinds("result", 1) == [
        *("result_entered", "result_entered", "result_made"),
        *SIGNED * 3,
        *("result_replaced", "result_released"),
    ]
    assert await register(play) == [("K0000001", "replaced"), ("K0000002", "in_force")]
    assert await validity(play, "K0000001") is Validity.REPLACED
    assert (await play.view()).result == before
    assert await play.world.client.parked(play.filing) == []
    await sound(running)


async def test_a_correction_that_nobody_signs_is_a_page_under_its_number_too(running: World) -> None:
    play = await decided(running)
    await play.at(Stage.CLOSED)
    await act(play, rs.CorrectResult, LEADER, **WHY)
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
    await act(play, rs.CorrectResult, CLERK, result=brought, **WHY)
    await eventually(lambda: register(play), lambda found: found[-1][1] == "in_force")
    assert [state for _, state in await register(play)] == ["replaced", "in_force"]
    await act(play, rs.RevokeResult, LEADER, **WHY)
    assert [state for _, state in await register(play)] == ["replaced", "revoked"]
    await sound(running)
