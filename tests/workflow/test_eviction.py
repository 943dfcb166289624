"""What a worker no longer keeps in memory is gone without the garbage collector, and goes on when it must."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from schemas.filing.state import Stage
from tests.acting import Play, eventually, extract
from tests.conftest import World
from workers.wiring import activities, platform_worker
from workflows.filing import FilingLife

KEPT = 2


@pytest.fixture
def frozen() -> Iterator[None]:
    """The collector never looks at what is frozen; whoever freezes must not stop there."""
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("frozen")
async def test_what_is_evicted_is_freed_without_the_collector_and_goes_on(world: World) -> None:
    settings = world.settings.model_copy(update={"sandbox": False, "cached_workflows": KEPT})
    async with (
        world.back_office(),
        activities(settings) as functions,
        platform_worker(world.temporal, functions, settings),
    ):
        plays = [await Play.begin(world, extract()) for _ in range(KEPT)]
        lives = [weakref.ref(each) for each in gc.get_objects() if isinstance(each, FilingLife)]
        gc.freeze()
        plays += [await Play.begin(world, extract()) for _ in range(3 * KEPT)]

        async def alive() -> int:
            gc.collect()  # the frames in which the SDK named them
            return sum(life() is not None for life in lives)

        assert len(lives) >= KEPT
        await eventually(alive, (0).__eq__)
        for play in plays:
            await play.accept()
        for play in plays:
            await play.at(Stage.REVIEW)
