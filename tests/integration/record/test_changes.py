"""How a filing went on, event by event: nothing is missed, and who waits for the next hears of it at once."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

import pytest
from temporalio.client import Client

from motcua import FilingClient
from schemas import reading as rd
from schemas.filing import commands as cm
from schemas.filing.state import FilingView, Stage
from schemas.people import Role
from tests.acting import (
    NEVER_PAYS,
    Play,
    birth,
    extract,
    posted,
)
from tests.conftest import World
from views import applicant
from views.watching import Watch


async def statuses(play: Play) -> list[tuple[int, int]]:
    """Seq and status after each event of a filing, as its timeline has them."""
    entries = await play.world.client.timeline(play.filing)
    return [(entry.seq, entry.status) for entry in entries if entry.status is not None]


def passed(views: Sequence[FilingView]) -> list[tuple[int, int]]:
    return [(view.seq, view.status) for view in views]


async def test_every_status_is_there_once_and_in_order_also_those_that_pass_in_one_append(office: World) -> None:
    play = await Play.begin(office, extract(payer_account=NEVER_PAYS))
    accepted = await play.accept()
    changes = await office.client.changes(play.filing, wait=0)
    assert passed(changes.views) == await statuses(play) == [(1, 1), (2, 2), (3, 6)]
    assert accepted.seq == changes.seq == 3
    assert not changes.more
    assert (await office.client.changes(play.filing, 1, wait=0)).views == changes.views[1:]
    await play.pay_by_hand()
    await play.review()
    await play.at(Stage.CLOSED)
    whole = await office.client.changes(play.filing, wait=0)
    assert passed(whole.views) == await statuses(play)
    assert [view.seq for view in whole.views] == list(range(1, len(await play.kinds()) + 1))
    assert [status for status, _ in itertools.groupby(view.status for view in whole.views)][:3] == [1, 2, 6]
    assert [view.closed for view in whole.views[-2:]] == [False, True]


async def test_what_is_too_much_for_one_answer_comes_in_several(office: World, monkeypatch: pytest.MonkeyPatch) -> None:
    play = await Play.begin(office, extract())
    await play.deliver()
    whole = await office.client.changes(play.filing, wait=0)
    for most in (1, size(whole.views[0]) + 1):
        monkeypatch.setattr(applicant, "MOST_BYTES", most)
        pages = [page async for page in paged(office.client, play.filing)]
        assert [view for page in pages for view in passed(page.views)] == passed(whole.views)
        for page in pages[:-1]:
            assert sum(map(size, page.views[:-1])) < most <= sum(map(size, page.views))
        assert [page.more for page in pages] == [True] * (len(pages) - 1) + [False]
    assert len(pages[0].views) == 2
    async with asyncio.timeout(30):
        followed = [view async for view in office.client.follow(play.filing)]
    assert passed(followed) == passed(whole.views)


def size(view: FilingView) -> int:
    return len(view.model_dump_json(exclude_none=True))


async def paged(client: FilingClient, filing: UUID) -> AsyncIterator[rd.Changes]:
    seq, more = 0, True
    while more:
        changes = await client.changes(filing, seq, wait=0)
        assert changes.seq > seq
        seq, more = changes.seq, changes.more
        yield changes


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set as soon as somebody waits for changes."""
    begun, beyond = asyncio.Event(), Watch.beyond

    async def noticed(watch: Watch, stream: str, after: int, wait: float) -> None:
        begun.set()
        await beyond(watch, stream, after, wait)

    monkeypatch.setattr(Watch, "beyond", noticed)
    return begun


async def test_changes_wait_for_what_comes_and_tell_it_at_once(office: World, waits: asyncio.Event) -> None:
    play = await Play.begin(office, birth())
    asking = asyncio.create_task(office.client.changes(play.filing, 1, wait=20))
    await asyncio.wait_for(waits.wait(), 10)
    other = await Play.begin(office, birth())
    await other.act(cm.Claim, other.officer(Role.RECEPTION))
    assert not asking.done()
    await play.act(cm.Claim, play.officer(Role.RECEPTION))
    changes = await asyncio.wait_for(asking, 5)
    assert [(view.seq, view.filing_id) for view in changes.views] == [(2, play.filing)]


async def test_changes_return_without_any_after_the_wait(office: World) -> None:
    play = await Play.begin(office, birth())
    began = time.monotonic()
    changes = await office.client.changes(play.filing, 1, wait=1)
    assert 1 <= time.monotonic() - began < 10
    assert (changes.views, changes.seq, changes.more) == ((), 1, False)
    beyond = await office.client.changes(play.filing, 40, wait=0)
    assert (beyond.views, beyond.seq, beyond.more) == ((), 40, False)


async def test_following_a_finished_filing_shows_every_event_and_ends(office: World) -> None:
    play = await Play.begin(office, posted())
    await play.deliver()
    async with asyncio.timeout(20):
        followed = [view async for view in office.client.follow(play.filing)]
    assert passed(followed) == await statuses(play)
    assert [view.closed for view in followed] == [False] * (len(followed) - 1) + [True]


async def test_following_live_misses_nothing(office: World) -> None:
    play = await Play.begin(office, posted())

    async def follow() -> list[FilingView]:
        return [view async for view in office.client.follow(play.filing)]

    following = asyncio.create_task(follow())
    await play.accept()
    await play.review()
    assert passed(await asyncio.wait_for(following, 30)) == await statuses(play)


@pytest.mark.parametrize(("patience", "most_a_second"), [(5, 5), (30, 1)])
async def test_who_follows_does_not_spin(
    office: World, monkeypatch: pytest.MonkeyPatch, patience: float, most_a_second: int
) -> None:
    play = await Play.begin(office, birth())
    asked, execute = list[Any](), Client.execute_workflow

    async def counted(self: Client, *given: Any, **options: Any) -> Any:
        asked.append(given)
        return await execute(self, *given, **options)

    monkeypatch.setattr(Client, "execute_workflow", counted)
    seconds, views = 3, list[FilingView]()

    async def follow() -> None:
        async for view in FilingClient(office.temporal, patience=patience).follow(play.filing):
            views.append(view)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(follow(), seconds)
    assert [view.seq for view in views] == [1]
    assert 2 <= len(asked) <= seconds * most_a_second + 1
