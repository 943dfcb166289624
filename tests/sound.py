"""Checks that the record verifies, and that the read models agree with it."""

from operations.rebuilding import rebuild
from tests.conftest import World
from verifier.ledger import Problem, Rule, verify


async def sound(world: World) -> None:
    """Asserts that the record verifies, and that a rebuild of the read models changes nothing."""
    problems = (await verify(world.superuser_dsn)).problems
    assert not problems, problems
    assert set((await rebuild(world.owner_dsn, world.settings.master, lambda *_: None)).changed.values()) == {0}


async def problems(dsn: str) -> list[Problem]:
    """Returns the problems of a record, except problems with guards, since tests switch the triggers off."""
    return [one for one in (await verify(dsn)).problems if one.rule is not Rule.GUARD]
