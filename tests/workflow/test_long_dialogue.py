"""A filing that is asked hundreds of questions, each as long as may be: it goes on, and so does one started again."""

from __future__ import annotations

from typing import Any, Final

import asyncpg
import pytest

from motcua import SameIdOtherContent
from recovery.behind import seen_seq
from recovery.restart import Found, Restarter
from rules.filing.changes import KEPT
from schemas.filing import commands as cm
from schemas.filing.state import Stage
from schemas.ids import filing_workflow
from schemas.people import Role
from tests.acting import Play, eventually, extract
from tests.conftest import World

ROUNDS: Final = 150
LONG: Final = "ế" * 2000
LARGEST: Final = 262_144


async def ask(play: Play, n: int, question: str = LONG) -> Any:
    return await play.act(cm.Ask, play.officer(Role.RECEPTION), command_id=f"ask-{n}", question=question)


def sizes(history: Any) -> list[int]:
    return [event.ByteSize() for event in history.events]


@pytest.mark.timeout(240)
async def test_hundreds_of_the_longest_questions_do_no_harm(running: World) -> None:
    play = await Play.begin(running, extract())
    stream = filing_workflow(play.filing)
    first = await ask(play, 1)
    for n in range(1, ROUNDS):
        await play.act(cm.Answer, play.submission.actor, command_id=f"answer-{n}", n=n, answer=LONG)
        await ask(play, n + 1)

    assert await ask(play, 1) == first  # recorded long before: the log knows it
    with pytest.raises(SameIdOtherContent):
        await ask(play, 1, "khác")
    view = await play.view()
    assert [question.n for question in view.questions] == list(range(ROUNDS - KEPT, ROUNDS + 1))

    await running.temporal.get_workflow_handle(stream).terminate("lost")
    async with asyncpg.create_pool(running.app_dsn, min_size=0, max_size=2) as pool:
        assert await Restarter(pool, running.temporal).restart(stream) is Found.RESTARTED
    await eventually(lambda: seen_seq(running.temporal, stream), view.seq.__eq__)
    assert await ask(play, 2) != first
    assert (await play.view()).seq == view.seq  # that one too was recorded long before
    await play.accept()
    assert (await play.view()).stage is not Stage.INTAKE
    history = await running.temporal.get_workflow_handle(stream).fetch_history()
    assert max(sizes(history)) < LARGEST
