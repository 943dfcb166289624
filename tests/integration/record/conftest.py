"""What the tests of the record stand on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.acting import Doubtful
from tests.conftest import World


@pytest.fixture
async def office(world: World) -> AsyncIterator[World]:
    """A world at work, in which officers do all that is done."""
    async with world.platform(), world.back_office(Doubtful()):
        yield world


@pytest.fixture
async def connection(world: World) -> AsyncIterator[Any]:
    """A superuser's."""
    async with world.connection() as opened:
        yield opened
