"""Fixtures of the operations' tests."""

from collections.abc import AsyncIterator

import httpx
import pytest

from activities.partners.http import partner_client
from tests.conftest import World


@pytest.fixture
async def trust(running: World) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the sandbox trust, whose clock is reset afterwards."""
    async with partner_client(running.env["MOTCUA_TRUST_URL"]) as client:
        yield client
        (await client.put("/clock", json={})).raise_for_status()
