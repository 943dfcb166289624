"""Keys change while filings run: no filing stalls; a missing key is waited for, and nothing fails.

`MOTCUA_ROTATION_FILINGS=300`: as many filings as in a small town.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Final, TypeVar

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.client import WorkflowExecutionStatus

from motcua import MotcuaError
from motcua.payloads.codec import KEY_ID, Codec
from motcua.payloads.converter import NOT_OPENED
from recovery.stalled import Stalled, stalled
from schemas.errors import RefusalCode
from schemas.filing import commands as cm
from schemas.ids import NUDGE
from schemas.people import Role
from tests.acting import NEVER_PAYS, Doubtful, Play, birth, eventually, extract, of, plain, record, refusal
from tests.conftest import World
from tests.sealed import Forging, connected, keys_of, ring, sealed
from tests.workflow.plain import command, ended_cleanly, failed_tasks, length, submit

T = TypeVar("T")
FILINGS: Final = int(os.environ.get("MOTCUA_ROTATION_FILINGS", "30"))
OWN: Final = "agency.H29.16"


async def some_at_once(calls: Iterable[Awaitable[T]]) -> list[T]:
    """Returns the results of the calls, made a few at a time, since a test's worker can't handle hundreds at once."""
    free = asyncio.Semaphore(10)

    async def one(call: Awaitable[T]) -> T:
        async with free:
            return await call

    return await asyncio.gather(*map(one, calls))


async def begun(world: World, name: str, count: int) -> list[Play]:
    return await some_at_once(Play.begin(world, birth(submission_id=f"{name}-{n}")) for n in range(count))


def in_world(world: World, plays: list[Play]) -> list[Play]:
    """Returns the same filings, with this world's clients."""
    return [replace(play, world=world) for play in plays]


async def test_keys_are_rotated_in_the_middle_of_running_filings(world: World) -> None:
    before, known, after = [await sealed(world, keys) for keys in (ring("one"), ring("one", "two"), ring("two", "one"))]
    async with before.platform(), before.back_office(Doubtful()):
        plays = await begun(before, "before", FILINGS // 3)
    async with known.platform(), known.back_office(Doubtful()):
        plays += await begun(known, "known", FILINGS // 3)
        # Some processes seal by the new key already, while others do by the old one.
        plays += await begun(after, "after", FILINGS // 3)
        await some_at_once(play.accept() for play in plays[::2])
    async with after.platform(), after.back_office(Doubtful()):
        moved = in_world(after, plays)
        await some_at_once(play.accept() for play in moved[1::2])
        await some_at_once(play.withdraw() for play in moved)
        for play in moved:
            assert (await play.view()).closed
            assert await failed_tasks(after.temporal.get_workflow_handle(f"filing:{play.filing}")) == 0
        assert await stalled(after.temporal) == []
        assert await keys_of(after, moved[0]) == {"one", "two"}


BUSY: Final = 150
"""Seconds to wait: the longer a task has failed, the longer Temporal waits before it tries it again."""


async def wants_its_key(world: World) -> Stalled:
    """Waits until Temporal reports the missing key of the only stalled workflow; returns that workflow."""
    found = await eventually(
        lambda: stalled(world.temporal), lambda found: [one.error for one in found] == ["KeyMissingError"], within=BUSY
    )
    return found[0]


async def goes_on(world: World) -> None:
    await eventually(lambda: stalled(world.temporal), lambda found: not found, within=2 * BUSY)


async def test_a_missing_key_is_waited_for(world: World) -> None:
    before, without, again = [await sealed(world, keys) for keys in (ring("one"), ring("two"), ring("two", "one"))]
    async with before.platform(), before.back_office(Doubtful()):
        [play] = await begun(before, "lost", 1)
    async with without.platform():
        handle = without.temporal.get_workflow_handle(f"filing:{play.filing}")
        await handle.signal(NUDGE)
        one = await wants_its_key(without)
        assert (one.workflow_id, one.cause) == (f"filing:{play.filing}", "WorkflowWorkerUnhandledFailure")
        assert one.reason.startswith("KeyMissingError at stream/recording.py:")
        assert (await handle.describe()).status is WorkflowExecutionStatus.RUNNING
    async with again.platform(), again.back_office(Doubtful()):
        await goes_on(again)
        [play] = in_world(again, [play])
        await play.accept()
        await play.withdraw()
        assert (await play.view()).closed


async def test_what_began_before_the_codec_was_switched_on_goes_on(world: World) -> None:
    changing = await sealed(world, ring("one", plain=True))
    async with world.platform(), world.back_office(Doubtful()):
        plain, early = await begun(world, "plain", 2)
    async with changing.platform(), changing.back_office(Doubtful()):
        [play] = in_world(changing, [plain])
        await play.accept()
        await play.withdraw()
        assert (await play.view()).closed
        assert await keys_of(changing, play) == {"one"}
    async with (strict := await sealed(world, ring("one"))).platform():
        handle = strict.temporal.get_workflow_handle(f"filing:{early.filing}")
        await handle.signal(NUDGE)
        await wants_its_key(strict)
        assert (await handle.describe()).status is WorkflowExecutionStatus.RUNNING
    async with changing.platform():
        await goes_on(changing)
        await in_world(changing, [early])[0].withdraw()


async def test_an_agency_with_a_key_of_its_own_reads_its_work_and_nothing_else(world: World) -> None:
    platform, office = await sealed(world, ring("one", queues={OWN: ["three"]})), await sealed(world, ring("three"))
    async with platform.platform(), office.back_office(queue=OWN), platform.back_office(Doubtful()):
        play = await Play.begin(platform, birth(agency="H29.16"))
        await play.until(lambda view: view.closed)
        assert await keys_of(platform, play) == {"one", "three"}
        before = await record(world)
        [theirs] = in_world(office, [play])
        with pytest.raises(MotcuaError, match="MOTCUA_CODEC_KEYS"):
            await theirs.view()
        assert await record(world) == before
        assert await failed_tasks(platform.temporal.get_workflow_handle(f"filing:{play.filing}")) == 0


# With the codec on: a filing goes its whole way, Temporal keeps nothing readable, and nothing else is taken.

Forge = Callable[[list[Payload], list[Payload]], list[Payload]]
FORGED: Final[dict[str, Forge]] = {
    "plain": lambda given, _: given,
    "foreign": lambda given, _: [Payload(metadata={"encoding": b"binary/theirs"}, data=one.data) for one in given],
    "by its own word not opened": lambda given, _: (
        [Payload(metadata={"encoding": NOT_OPENED}, data=b"\xff")] * len(given)
    ),
    "damaged": lambda _, made: [
        Payload(metadata=one.metadata, data=one.data[:-1] + bytes([one.data[-1] ^ 1])) for one in made
    ],
    "short": lambda _, made: [Payload(metadata=one.metadata, data=b"x") for one in made],
    "unknown key": lambda _, made: [
        Payload(metadata=dict(one.metadata) | {KEY_ID: b"nobody's"}, data=one.data) for one in made
    ],
    "no key": lambda _, made: [Payload(metadata={"encoding": one.metadata["encoding"]}, data=one.data) for one in made],
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
async def test_what_is_not_sealed_by_us_is_refused_in_words_or_dropped(world: World, forge: Forge) -> None:
    world = await sealed(world, ring("one"))
    async with world.platform(), world.back_office(Doubtful()):
        client = await connected(world, Forging(forge, Codec(ring("one"))))
        given = birth(submission_id="forged")
        before = await record(world)
        why = await refusal(submit(client, {"submission": plain(given)}, workflow_id=f"filing:{of(given)}"))
        assert why.code in {RefusalCode.BAD_START, RefusalCode.BAD_COMMAND}
        await ended_cleanly(client, f"filing:{of(given)}")
        assert await record(world) == before
        play = await Play.begin(world, extract(payer_account=NEVER_PAYS))
        handle = client.get_workflow_handle(f"filing:{play.filing}")
        before, events = await record(world), await length(handle)
        for update in ("ask", "submit", "adopt_calendar"):
            why = await refusal(handle.execute_update(update, command(question="Nơi sinh?")))
            assert why.code is RefusalCode.BAD_COMMAND
        assert (await record(world), await length(handle)) == (before, events)
        await handle.signal("fee_settled", {"n": 1, "settlement": "paid", "amount": 1})
        why = await refusal(
            client.execute_workflow("View", {"ask": "filing"}, id=f"view:{of(given)}", task_queue="motcua")
        )
        assert why.code is RefusalCode.BAD_COMMAND
        await play.act(cm.Ask, play.officer(Role.RECEPTION), question="Nơi sinh?")
        assert await failed_tasks(handle) == 0
    # The run is read again from its beginning, by a worker that has not seen it.
    async with world.platform():
        await play.accept()
        assert await failed_tasks(handle) == 0


async def test_the_kit_without_the_keys_says_what_it_lacks(world: World) -> None:
    async with (await sealed(world, ring("one"))).platform():
        with pytest.raises(MotcuaError, match=r"\[bad_command\].*MOTCUA_CODEC_KEYS"):
            await world.client.submit(birth())
