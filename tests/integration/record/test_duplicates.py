"""The officer is warned of the same person's open filings for the same procedure; nobody else learns who that is."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

from motcua.testing import submission as sample
from schemas.filing.state import FilingView
from schemas.filing.submission import Submission
from tests.acting import Doubtful, Play, birth, marriage, of
from tests.conftest import World


def again(**overrides: Any) -> Submission:
    """Another birth filed by the same person."""
    return birth(submission_id=uuid4().hex, **overrides)


async def warned(world: World, submission: Submission) -> tuple[str, FilingView]:
    receipt = await world.client.submit(submission)
    return str(receipt.code), await world.client.view(of(submission))


async def test_the_officer_sees_the_open_filings_of_the_same_person(world: World) -> None:
    async with world.platform(), world.back_office(Doubtful()):
        first, view = await warned(world, again())
        assert view.possible_duplicates == ()
        second, view = await warned(world, again())
        assert view.possible_duplicates == (first,)
        other_person = sample().applicant.model_copy(update={"subject": "eve", "id_number": "001090000099"})
        other = again(applicant=other_person, actor={"subject": "eve", "role": "applicant"})
        for unlike in (other, marriage(submission_id=uuid4().hex)):
            assert (await warned(world, unlike))[1].possible_duplicates == ()
        play = await Play.begin(world, again())
        assert (await play.view()).possible_duplicates == (first, second)
        await play.withdraw()
        third, view = await warned(world, again())
        assert view.possible_duplicates == (first, second)

    async with world.connection() as connection:
        rows = await connection.fetch("select code, possible_duplicates, person from filing where code = $1", third)
        assert [list(row["possible_duplicates"]) for row in rows] == [[first, second]]
        assert b"001090000001" not in rows[0]["person"]
        bodies = await connection.fetch("select body from event where kind = 'submitted'")
        assert not any(b"possible_duplicates" in row["body"] for row in bodies)


async def test_of_filings_that_come_at_once_each_but_one_sees_another(world: World) -> None:
    async with world.platform(), world.back_office(Doubtful()):
        found = await asyncio.gather(*(warned(world, again()) for _ in range(5)))
    assert sorted(len(view.possible_duplicates) for _, view in found) == [0, 1, 2, 3, 4]
