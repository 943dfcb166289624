"""A record that is whole, and read models that are what it says."""

from __future__ import annotations

from operations.rebuild import rebuild
from tests.conftest import World
from verifier.ledger import verify


async def sound(world: World) -> None:
    """The record is whole, and the read models are what it says."""
    assert (await verify(world.superuser_dsn)).problems == []
    assert set((await rebuild(world.owner_dsn, world.settings.master, lambda *_: None)).changed.values()) == {0}
