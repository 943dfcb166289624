"""What tests of signatures share: a trust of their own, and people who sign by it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from activities.partners.http import partner_client
from activities.partners.signer import RemoteSigner
from activities.signature.revocation import Responders
from tests.integration.signature.party import Party
from tests.sandboxes import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The sandbox trust, for the tests of one file."""
    server = Server("trust", tmp_path_factory.mktemp("trust"))
    server.start()
    yield server
    server.close()


@pytest.fixture
async def party(server: Server) -> AsyncIterator[Party]:
    """Who signs and checks, with time enough on a busy machine; what went wrong in the trust goes right again."""
    async with partner_client(server.url) as client:
        party = await Party.meet(client)
        party.signer, party.asking = RemoteSigner(client, patience=30), Responders(client, seconds=30)
        await party.faults()
        yield party
        await party.faults()
        await party.clock()
