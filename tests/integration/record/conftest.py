"""Fixtures of the record's tests."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.acting import Doubtful
from tests.conftest import World


@pytest.fixture
async def office(world: World) -> AsyncIterator[World]:
    async with world.platform(), world.back_office(Doubtful()):
        yield world


@pytest.fixture
async def connection(world: World) -> AsyncIterator[Any]:
    async with world.connection() as opened:
        yield opened


@pytest.fixture
async def nobody_published(world: World) -> None:
    """Deletes all keys from the record; they encrypt the publishers' names."""
    await world.execute("delete from filing_key")
