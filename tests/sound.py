"""Checks that the record verifies, and that the read models agree with it."""

from operations.rebuilding import rebuild
from tests.conftest import World
from verifier.ledger import verify


async def sound(world: World) -> None:
    """Assert that the record verifies, and that a rebuild of the read models changes nothing."""
    assert (await verify(world.superuser_dsn)).problems == []
    assert set((await rebuild(world.owner_dsn, world.settings.master, lambda *_: None)).changed.values()) == {0}
