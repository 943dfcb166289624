"""Nobody gives money back alone, in whatever roles the directory has them, and whoever stands in whose place."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import product
from typing import Any, Final

import pytest

from motcua import NotAllowed, NotAuthorised
from rules.time.working_time import VIETNAM
from schemas.filing.commands import Command
from schemas.people import OFFICERS, Actor, Role
from schemas.refund.commands import ApproveRefund, DeclineRefund, RequestRefund
from tests.acting import AGENCY, Play, eventually, extract
from tests.conftest import World

ONE, TWO, THREE = "h56.30-one", "h56.30-two", "h56.30-three"
ASKING: Final = (Role.CASHIER, Role.SPECIALIST, Role.LEADER)


@pytest.fixture
async def staffed(running: World) -> World:
    """Three officers who have every role there is."""
    async with running.connection(running.owner_dsn) as connection:
        for subject, role in product((ONE, TWO, THREE), OFFICERS):
            add = "insert into officer (agency, subject, role, name) values ($1, $2, $3, 'Phạm Minh Đức')"
            await connection.execute(add, AGENCY, subject, role)
    return running


@asynccontextmanager
async def away(world: World, absent: str, role: Role, substitute: str) -> AsyncIterator[None]:
    today = datetime.now(VIETNAM).date()
    async with world.connection(world.owner_dsn) as connection:
        say = "insert into absence values ($1, $2, $3, $4, $5, $6)"
        await connection.execute(say, AGENCY, absent, role, today, today + timedelta(days=1), substitute)
        yield
        await connection.execute("delete from absence where agency = $1", AGENCY)


async def does(play: Play, command: type[Command], subject: str, role: Role, **said: Any) -> str | None:
    """What is wrong with it, if it is refused."""
    actor = Actor(subject=subject, role=role, agency=None if role not in OFFICERS else AGENCY)
    try:
        await play.refund(command, actor, **said)
    except (NotAllowed, NotAuthorised) as refused:
        (why,) = refused.refusal.problems
        return why.rule
    return None


async def test_one_alone_gives_nothing_back(staffed: World) -> None:
    play = await Play.begin(staffed, extract())
    await play.accept()
    await eventually(play.kinds, lambda kinds: "fee_paid" in kinds)
    why: dict[str, Any] = {"amount": 1, "reason": "nộp nhầm", "legal_basis": "TT 45/2006"}
    for case, role in enumerate(ASKING, 1):
        assert await does(play, RequestRefund, ONE, role, **why) is None
        for command, more in ((ApproveRefund, {}), (DeclineRefund, {"reason": "x"})):
            found = Counter([await does(play, command, ONE, other, case=case, **more) for other in Role])
            assert found.pop("needs_another") == 1, "as the leader that they are, too"
            assert None not in found
    for role, (absent, substitute) in product(OFFICERS, ((ONE, TWO), (TWO, ONE))):
        async with away(staffed, absent, role, substitute):
            assert await does(play, ApproveRefund, TWO, Role.LEADER, case=1) == "needs_another", (role, absent)
            assert await does(play, ApproveRefund, ONE, Role.LEADER, case=1, acting_for=TWO) == "needs_another"
            assert await does(play, ApproveRefund, TWO, Role.LEADER, case=1, acting_for=ONE) == "needs_another"
            assert await does(play, ApproveRefund, THREE, Role.LEADER, case=1, acting_for=ONE) is not None
    assert (await play.order())["refunds"] == []
    assert await does(play, ApproveRefund, TWO, Role.LEADER, case=1) is None
