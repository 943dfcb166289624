"""Hooks run beside the loop that serves Temporal: what blocks stops nothing else, and is warned of once."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Any

import pytest
from obstore.store import MemoryStore
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from motcua import BackOffice, testing
from motcua.backoffice import _Work
from motcua.files.store import Store
from motcua.hooks import BLOCKS, Hooks
from motcua.payloads.converter import as_sent
from schemas.backoffice import CheckAnswer, CheckRequest

WHOSE: ContextVar[str] = ContextVar("whose")


@pytest.fixture
async def hooks() -> AsyncIterator[Hooks]:
    with Hooks() as running:
        yield running


def warned(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The hooks that were warned of."""
    return [str(record.__dict__["hook"]) for record in caplog.records if record.message == "backoffice.hook_blocks"]


async def test_a_plain_function_blocks_its_own_thread_and_is_warned_of_once(
    hooks: Hooks, caplog: pytest.LogCaptureFixture
) -> None:
    go = threading.Event()

    def check(answer: bool) -> bool:  # noqa: FBT001 -- as a hook is asked
        go.wait(20)
        return answer

    waiting = [asyncio.create_task(hooks.run(check, answer)) for answer in (True, False)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    go.set()
    assert await asyncio.gather(*waiting) == [True, False]
    assert warned(caplog) == ["check"]


async def test_a_coroutine_that_blocks_is_warned_of_while_this_loop_turns(
    hooks: Hooks, caplog: pytest.LogCaptureFixture
) -> None:
    go = threading.Event()

    async def issue(_: None) -> str:
        go.wait(20)  # as `requests` would
        return "made"

    making = asyncio.create_task(hooks.run(issue, None))
    async with asyncio.timeout(10 * BLOCKS):
        while not warned(caplog):
            hooks.look()
            await asyncio.sleep(0.05)
    hooks.look()
    go.set()
    assert await making == "made"
    assert warned(caplog) == ["issue"]


async def test_a_coroutine_that_waits_is_not_warned_of(hooks: Hooks, caplog: pytest.LogCaptureFixture) -> None:
    async def check(_: None) -> str:
        await asyncio.sleep(1.5 * BLOCKS)
        return WHOSE.get()

    WHOSE.set("asker")
    waiting = asyncio.create_task(hooks.run(check, None))
    while not waiting.done():
        hooks.look()
        await asyncio.sleep(0.05)
    assert waiting.result() == "asker"
    assert warned(caplog) == []


async def test_nobody_waits_for_what_hangs(caplog: pytest.LogCaptureFixture) -> None:
    go = threading.Event()

    async def issue(_: None) -> None:
        go.wait(20)

    began = time.monotonic()
    with Hooks() as hooks:
        making = asyncio.create_task(hooks.run(issue, None))
        await asyncio.sleep(0.1)
        making.cancel()
        with pytest.raises(asyncio.CancelledError):
            await making
    assert time.monotonic() - began < 5
    assert not caplog.records
    go.set()
    for thread in threading.enumerate():
        if thread.name == "motcua.hooks":
            await asyncio.to_thread(thread.join)


REQUEST = as_sent(CheckRequest(request_id="check:1", dossier=testing.dossier()))


async def checked(answer: Any) -> CheckAnswer:
    """What the activity says of a back office whose check answers so."""

    class Office(BackOffice):
        async def check(self, _: Any) -> Any:
            return answer

    with Hooks() as hooks:
        work = _Work(Office(), Store(MemoryStore()), hooks)
        found: CheckAnswer = await ActivityEnvironment().run(work.check, REQUEST)
    return found


async def test_what_a_check_says_is_taken_at_its_word_or_fails() -> None:
    for said in (True, False):
        assert await checked(said) == CheckAnswer(complete=said)
    for unsaid in ("yes", 1, None):
        with pytest.raises(ApplicationError, match="True or False") as error:
            await checked(unsaid)
        assert error.value.type == "bad_answer"
