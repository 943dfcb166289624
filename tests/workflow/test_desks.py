"""Whose desk may receive for whom is the directory's to say, and what it took in it may finish."""

from __future__ import annotations

from typing import Final

import pytest

from motcua import BadSubmission, NotAuthorised
from schemas.filing import commands as cm
from schemas.filing.submission import Submission
from schemas.people import Actor, Role
from tests.acting import Play, birth, officer
from tests.conftest import World

CENTRE: Final = "H01.01"
WARD: Final = "H01.12"
ELSEWHERE: Final = "H56.30"


def handed_in(desk: str, agency: str = WARD) -> Submission:
    """A birth on paper, at this desk."""
    recorded_by = officer(Role.RECEPTION, desk)
    there = {"agency": agency, "desk": desk, "channel": "counter", "actor": recorded_by, "result_channel": "counter"}
    return birth(**there)


async def serve(world: World, desk: str, *agencies: str) -> None:
    async with world.connection() as connection:
        await connection.execute("update agency set receives_for = $2 where agency = $1", desk, list(agencies))


async def refused(world: World, submission: Submission) -> list[tuple[str, str]]:
    with pytest.raises(BadSubmission) as error:
        await Play.begin(world, submission)
    return [(problem.field, problem.rule) for problem in error.value.refusal.problems]


async def test_a_desk_that_may_receive_for_another_agency_does_so_to_the_end(world: World) -> None:
    await serve(world, CENTRE, WARD)
    async with world.platform(), world.back_office():
        play = await Play.begin(world, handed_in(CENTRE))
        await serve(world, CENTRE)
        await play.act(cm.TransferDossier, officer(Role.RECEPTION, CENTRE), originals=["birth_notice"])
        await play.act(cm.ReceiveDossier, officer(Role.RECEPTION, WARD))
        view = await play.view()
    assert view.code.startswith(f"{WARD}-")
    assert (view.desk, view.at_desk, view.under_way, view.status) == (CENTRE, (), (), 2)


async def test_what_the_directory_does_not_allow_is_refused(world: World) -> None:
    await serve(world, CENTRE, "H01.13")
    async with world.platform():
        assert await refused(world, handed_in(CENTRE)) == [("desk", "may_not_receive")]
        await serve(world, CENTRE, "*")
        assert await refused(world, handed_in(CENTRE, ELSEWHERE)) == [("desk", "may_not_receive")]
        chosen = birth(agency=ELSEWHERE, result_desk=CENTRE)
        assert await refused(world, chosen) == [("result_desk", "may_not_receive")]


async def test_only_an_officer_of_the_desk_acts_there(world: World) -> None:
    await serve(world, CENTRE, "*")
    async with world.platform():
        play = await Play.begin(world, handed_in(CENTRE))
        with pytest.raises(NotAuthorised) as error:
            await play.act(cm.TransferDossier, Actor(subject="h01.12-reception-1", role=Role.RECEPTION, agency=CENTRE))
    assert [problem.rule for problem in error.value.refusal.problems] == ["not_in_directory"]
