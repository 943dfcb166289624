"""A filing that is asked hundreds of questions, each as long as may be: it goes on, and so does one started again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import asyncpg
import pytest

from activities.ledger.append import Ledger
from activities.ledger.vault import Vault
from motcua import SameIdOtherContent
from recovery.behind import Known, seen
from rules.filing.changes import KEPT
from rules.streams import KINDS
from schemas.filing import commands as cm
from schemas.filing.state import Stage
from schemas.ids import filing_workflow
from schemas.people import Role
from schemas.stream.ledger import Batch
from tests.acting import VIA, Play, eventually, extract
from tests.conftest import World
from tests.restarting import lose, lost_and_restarted, restart

ROUNDS: Final = 150
LONG: Final = "ế" * 2000
LARGEST: Final = 262_144
MESSAGE: Final = 4_194_304
"""Bytes that the server takes in one message."""


async def ask(play: Play, n: int, question: str = LONG) -> Any:
    return await play.act(cm.Ask, play.officer(Role.RECEPTION), command_id=f"ask-{n}", question=question)


def sizes(history: Any) -> list[int]:
    return [event.ByteSize() for event in history.events]


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

    await lost_and_restarted(running, stream)
    await eventually(lambda: seen(running.temporal, stream), Known(view.seq, 2).__eq__)
    assert await ask(play, 2) != first
    assert (await play.view()).seq == view.seq  # that one too was recorded long before
    await play.accept()
    assert (await play.view()).stage is not Stage.INTAKE
    history = await running.temporal.get_workflow_handle(stream).fetch_history()
    assert max(sizes(history)) < LARGEST


async def test_a_log_that_is_longer_than_a_message_is_read_by_who_starts_it_again(running: World) -> None:
    play = await Play.begin(running, extract())
    stream = filing_workflow(play.filing)
    await lose(running, stream)
    asked = tuple({"kind": "asked", "n": n, "officer": "o-1", "question": LONG} for n in range(1, 41))
    many = MESSAGE // len(LONG.encode()) // len(asked) + 2
    async with asyncpg.create_pool(running.app_dsn, min_size=0, max_size=2) as pool:
        ledger = Ledger(pool, Vault(running.settings.master), KINDS)
        for n in range(many):
            given = cm.Ask(command_id=f"ask-{n}", actor=play.officer(Role.RECEPTION), via=VIA, question=LONG)
            await ledger.append(
                Batch(
                    stream=stream,
                    filing_id=play.filing,
                    agency=play.submission.agency,
                    next_seq=2 + n * len(asked),
                    command_id=given.command_id,
                    digest=cm.content_of(given),
                    actor=given.actor,
                    via=given.via,
                    at=datetime.now(UTC),
                    events=asked,
                )
            )
    await restart(running, stream)
    await eventually(lambda: seen(running.temporal, stream), Known(1 + many * len(asked), 2).__eq__)
    await play.accept()
    history = await running.temporal.get_workflow_handle(stream).fetch_history()
    assert max(sizes(history)) < LARGEST
