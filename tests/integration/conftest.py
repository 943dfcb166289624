"""Fixtures of many integration tests: the command, and a sandbox trust with signers."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from activities.ledger.database import Pool
from activities.partners.http import partner_client
from activities.partners.signer import RemoteSigner
from activities.signature.revocation import Responders
from tests.conftest import World
from tests.integration.signature.party import Party
from tests.sandboxes import Server
from tests.shell import Shell


@pytest.fixture
def shell(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """The `motcua` command in a folder without a running stack, with long, plain output lines."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setenv("NO_COLOR", "1")
    return Shell(world.process_env)


@pytest.fixture
async def pool(world: World) -> AsyncIterator[Pool]:
    async with asyncpg.create_pool(world.app_dsn, min_size=0, max_size=6) as opened:
        yield opened


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The sandbox trust, for the tests of one file."""
    with Server("trust", tmp_path_factory.mktemp("trust")) as server:
        yield server


@pytest.fixture
async def party(server: Server) -> AsyncIterator[Party]:
    """The signers and verifiers, with long timeouts for a busy machine; the trust's faults and clock are reset."""
    async with partner_client(server.url) as client:
        party = await Party.meet(client)
        party.signer, party.asking = RemoteSigner(client, patience=30), Responders(client, seconds=30)
        await party.faults()
        yield party
        await party.faults()
        await party.clock()
