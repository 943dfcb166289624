"""That workers serve every activity that there is: what nobody serves is waited for, for ever."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import activities as rooms
from tests.conftest import World
from workers.wiring import activities


async def test_a_worker_serves_every_activity(world: World) -> None:
    modules = [importlib.import_module(one.name) for one in pkgutil.walk_packages(rooms.__path__, "activities.")]
    owners = {one for module in modules for _, one in inspect.getmembers(module, inspect.isclass)}
    defined = {
        getattr(method, MARK).name
        for owner in owners
        for _, method in inspect.getmembers(owner, inspect.isfunction)
        if hasattr(method, MARK)
    }
    async with activities(world.settings) as functions:
        served = {getattr(one, MARK).name for one in (*functions.working, *functions.waiting)}
    assert "refund.accepted" in defined
    assert defined - served == set()


MARK = "__temporal_activity_definition"
