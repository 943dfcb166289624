"""What the tests of operations stand on."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from activities.partners.http import partner_client
from tests.conftest import World


@pytest.fixture
async def trust(running: World) -> AsyncIterator[httpx.AsyncClient]:
    """The sandbox trust, whose clock goes right again afterwards."""
    async with partner_client(running.env["MOTCUA_TRUST_URL"]) as client:
        yield client
        (await client.put("/clock", json={})).raise_for_status()
