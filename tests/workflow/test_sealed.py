"""With the codec on: a filing goes its whole way, Temporal keeps nothing readable, and nothing else is taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest
from temporalio.api.common.v1 import Payload

from motcua import MotcuaError
from motcua.payloads.codec import KEY_ID, Codec
from motcua.payloads.converter import NOT_OPENED
from schemas.errors import RefusalCode
from schemas.filing import commands as cm
from schemas.people import Role
from tests.acting import NEVER_PAYS, Doubtful, Play, birth, extract, of, plain, record, refusal
from tests.conftest import World
from tests.sealed import Forging, connected, ring, sealed
from tests.workflow.plain import command, ended_cleanly, failed_tasks, length, submit

Forge = Callable[[list[Payload], list[Payload]], list[Payload]]


def _damaged(_: list[Payload], made: list[Payload]) -> list[Payload]:
    return [Payload(metadata=one.metadata, data=one.data[:-1] + bytes([one.data[-1] ^ 1])) for one in made]


def _short(_: list[Payload], made: list[Payload]) -> list[Payload]:
    return [Payload(metadata=one.metadata, data=b"x") for one in made]


def _of_no_key(_: list[Payload], made: list[Payload]) -> list[Payload]:
    return [Payload(metadata=dict(one.metadata) | {KEY_ID: b"nobody's"}, data=one.data) for one in made]


def _without_id(_: list[Payload], made: list[Payload]) -> list[Payload]:
    return [Payload(metadata={"encoding": one.metadata["encoding"]}, data=one.data) for one in made]


def _foreign(given: list[Payload], _: list[Payload]) -> list[Payload]:
    return [Payload(metadata={"encoding": b"binary/theirs"}, data=one.data) for one in given]


def _closed(given: list[Payload], _: list[Payload]) -> list[Payload]:
    return [Payload(metadata={"encoding": NOT_OPENED}, data=b"\xff") for _one in given]


FORGED: Final[dict[str, Forge]] = {
    "plain": lambda given, _: given,
    "foreign": _foreign,
    "by its own word not opened": _closed,
    "damaged": _damaged,
    "short": _short,
    "unknown key": _of_no_key,
    "no key": _without_id,
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
async def test_what_is_not_sealed_by_us_is_refused_in_words_or_parked(world: World, forge: Forge) -> None:
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
        await play.until(lambda view: view.parked == 1)
        [parked] = await world.client.parked(play.filing)
        assert (parked.signal, parked.problem) == ("fee_settled", "unreadable")
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
