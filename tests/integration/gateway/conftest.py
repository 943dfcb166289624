"""A gateway in this process, over real PostgreSQL."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from typing import Any, Self, cast

import httpx
import pytest
from temporalio.common import MetricMeter

from activities.ledger.database import Pool
from activities.ledger.vault import Vault
from gateway.app import CallbackReceiver, application
from gateway.pages import pages
from tests.callbacks import MERCHANTS
from tests.conftest import World
from tests.doors import Entrance, entrance, register_door
from tests.integration.gateway.calls import PROVIDERS
from tests.locked import locked


class Meter(Counter[str]):
    def create_counter(self, *_: str) -> Self:
        return self

    def add(self, n: int, labels: Mapping[str, Any]) -> None:
        self[labels["verdict"]] += n


@pytest.fixture
def meter() -> Meter:
    return Meter()


@pytest.fixture
async def gateway(world: World, pool: Pool, meter: Meter) -> AsyncIterator[httpx.AsyncClient]:
    merchants = MERCHANTS.validate_json(json.dumps(PROVIDERS))
    vault, counted = Vault(world.settings.master), cast("MetricMeter", meter)
    receiver = CallbackReceiver(pool, vault, merchants, counted, asyncio.Event())
    app = application(pool, vault, receiver)
    app.include_router(pages(None))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        yield client


@pytest.fixture
async def there(world: World) -> AsyncIterator[tuple[World, Entrance]]:
    """Opens a platform with registered programs, and a door to it."""
    await register_door(world)
    async with locked(world) as closed, closed.back_office(), entrance(closed) as opened:
        yield closed, opened
