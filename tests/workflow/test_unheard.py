"""A run that missed an event of its log is woken, and continues from the log."""

from datetime import UTC, datetime

import asyncpg

from recovery.behind import Compared, behind
from recovery.settled import SETTLED
from recovery.unheard import Unheard
from schemas.filing import commands as cm
from schemas.ids import filing_workflow
from schemas.people import Role
from tests.acting import EXTRACT, Play, eventually, extract, publish_short
from tests.conftest import World
from tests.restarting import forget
from tests.sound import sound

NOTHING = Compared([], [], [])


async def test_a_run_whose_update_temporal_forgot_reads_the_log_and_goes_on(world: World) -> None:
    now = datetime.now(UTC)
    async with world.back_office(), asyncpg.create_pool(world.app_dsn, min_size=0, max_size=4) as pool:
        async with world.platform():
            version = await publish_short(world, EXTRACT, intake=3600)  # no timer rings meanwhile
            plays = [await Play.begin(world, extract(version=version)) for _ in range(2)]
            await plays[0].act(cm.Ask, plays[0].officer(Role.RECEPTION), question="Nơi sinh?")
            await plays[1].act(cm.Withdraw, plays[1].submission.actor, reason="twice")
        streams = [filing_workflow(play.filing) for play in plays]
        await forget(world, streams[0], "ask")
        await forget(world, streams[1], "withdraw")  # the stream has ended, and its run would wait for ever
        assert await behind(world.temporal, pool, streams) == Compared(streams, [], [])
        async with world.platform():
            unheard = Unheard(pool)
            await world.execute("select position_appends(10_000)")  # as a relay does
            assert await unheard.nudge(world.temporal, now) == [], "no event is a minute old"
            assert await unheard.nudge(world.temporal, now + SETTLED) == sorted(streams)
            await eventually(lambda: behind(world.temporal, pool, streams), NOTHING.__eq__)
            assert await unheard.nudge(world.temporal, now + 2 * SETTLED) == [], "each event is examined once"
            await plays[0].act(cm.Answer, plays[0].submission.actor, n=1, answer="Hà Nội")
    await sound(world)
