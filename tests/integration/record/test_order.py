"""The total order of all events, on PostgreSQL alone: a reader that resumes from a position misses no event."""

import asyncio
from typing import Final

import asyncpg
import pytest

from activities.ledger import sequencer
from activities.ledger.sequencer import position_appends
from operations.doctor.check import Health
from operations.doctor.record.events import order
from rules.require import require
from tests.conftest import World
from tests.integration.record.appends import ASKED, Log, captured, opened
from tests.keyed import keyed
from tests.waits import around
from verifier import ledger as ledger_verifier
from verifier.ledger import Rule
from views.order import Positioned, events_after, last_position

OWN: Final = "select stream, seq from event order by recorded_at, stream, seq"


@pytest.fixture(autouse=True)
async def _nothing_is_published(world: World) -> None:
    """Empties the log, as before the catalogue was recorded."""
    await world.execute("""
            alter table event disable trigger all;
            alter table position disable trigger all;
            delete from event; delete from receipt; delete from stream; delete from position; delete from unpositioned;
            update sequencer set last = 0;
            alter table event enable always trigger event_rows;
            alter table event enable always trigger event_truncate;
            alter table event enable trigger event_publisher;
            alter table position enable always trigger position_rows;
            alter table position enable always trigger position_truncate
        """)


async def read(log: Log, after: int = 0, most: int = 100) -> list[Positioned]:
    async with log.pool.acquire() as connection:
        return [*await events_after(connection, after, most)]


async def positioned(log: Log) -> int:
    async with log.pool.acquire() as connection:
        return await position_appends(connection)


async def places(log: Log) -> list[tuple[str, int]]:
    found = await read(log)
    assert [one.position for one in found] == list(range(1, len(found) + 1))
    return [(one.stream, one.seq) for one in found]


async def in_order(world: World) -> bool:
    """Returns whether the order of events is right; other faults of the invented events are ignored."""
    report = await ledger_verifier.verify(world.superuser_dsn)
    return Rule.POSITION not in {problem.rule for problem in report.problems}


async def test_appends_get_their_places_in_the_order_in_which_they_were_recorded(world: World) -> None:
    async with opened(world) as log:
        filing, payment = f"filing:{log.filing}", f"payment:{log.filing}:1"
        await log.append(ASKED, ASKED)
        await log.append(captured(16000, owed=True), stream="payment")
        await log.append(ASKED)
        assert (await places(log), await in_order(world)) == ([], True)
        assert [await positioned(log) for _ in range(2)] == [3, 0]
        assert await places(log) == [(filing, 1), (filing, 2), (payment, 1), (filing, 3)]
        assert await in_order(world)
        assert [one.position for one in await read(log, after=1, most=2)] == [2, 3]
        async with log.pool.acquire() as connection:
            assert await last_position(connection) == 4
            event = require(await connection.fetchrow("select * from event where stream = $1 and seq = 2", filing))
        [second] = await read(log, after=1, most=1)
        assert second == Positioned(2, *(event[name] for name in ("stream", "seq", "hash")))


async def test_an_append_that_is_not_yet_committed_holds_up_nobody_and_is_not_missed(world: World) -> None:
    async with opened(world) as log, world.connection() as other:
        await log.append(ASKED)
        late = other.transaction()
        await late.start()
        await other.execute(GROW, f"filing:{log.filing}")
        other_filing = Log(world, log.pool)
        await keyed(world, other_filing.filing)
        await other_filing.append(ASKED)
        assert await positioned(log) == 2
        read_so_far = await places(log)
        await late.commit()
        assert await positioned(log) == 1
        async with log.pool.acquire() as connection:
            behind = await connection.fetch("select stream, seq from position where position > $1", len(read_so_far))
        assert [tuple(one) for one in behind] == [(f"filing:{log.filing}", 2)]


async def test_a_new_epoch_is_no_append(world: World) -> None:
    async with opened(world) as log:
        await log.append(ASKED)
        await log.pool.execute("update stream set epoch = epoch + 1")
        assert await log.pool.fetchval("select count(*) from unpositioned") == 1


async def test_an_append_notes_itself_and_the_database_notes_what_builds_of_before_append(world: World) -> None:
    """Appends of an older and of the newer build alternate; each of them gets its row in `unpositioned`."""
    async with opened(world) as log, world.connection(world.owner_dsn) as owner:
        stream = f"filing:{log.filing}"
        await log.append(ASKED, ASKED)
        for seqs in ((3, 4), (5, 6)):
            await owner.execute(GROW, stream)
            assert await log.pool.fetchval("select noted from stream where stream = $1", stream) == seqs[0] - 1
            await log.append(ASKED, next_seq=seqs[1])
        runs = await log.pool.fetch("select first_seq, last_seq from unpositioned order by first_seq")
        assert [tuple(run) for run in runs] == [(1, 2), (3, 3), (4, 4), (5, 5), (6, 6)]
        assert await in_order(world)
        assert await positioned(log) == 5
        assert await places(log) == [(stream, seq) for seq in range(1, 7)]


async def test_only_one_gives_places_at_a_time_and_whoever_dies_at_it_has_done_nothing(world: World) -> None:
    async with opened(world) as log, world.connection() as busy:
        await log.append(ASKED)
        working = busy.transaction()
        await working.start()
        assert await busy.fetchval("select position_appends(10)") == 1
        assert await asyncio.wait_for(positioned(log), 5) == 0, "another one is at it"
        assert await places(log) == []
        await working.rollback()
        assert (await positioned(log), await places(log)) == (1, [(f"filing:{log.filing}", 1)])


async def test_a_long_queue_goes_in_parts_and_in_the_same_order(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequencer, "MOST", 2)
    async with opened(world) as log:
        for _ in range(3):
            await log.append(ASKED, ASKED)
            await log.append(captured(16000, owed=True), stream="payment")
        assert [await positioned(log) for _ in range(4)] == [2, 2, 2, 0]
        assert await places(log) == [tuple(row) for row in await log.pool.fetch(OWN)]


async def test_nobody_changes_a_place_and_the_application_no_count_either(world: World) -> None:
    async with opened(world) as log, world.connection() as superuser:
        await log.append(ASKED)
        await positioned(log)
        for statement in ("update position set position = 2", "delete from position", "truncate position"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="never changed"):
                await superuser.execute(statement)
        added = "insert into position values (1, 'filing:x', 1)"
        for statement in (added, "update sequencer set last = 7", "delete from unpositioned"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await log.pool.execute(statement)


async def test_the_doctor_says_when_nobody_gives_places(world: World) -> None:
    async with opened(world) as log, world.connection() as superuser:
        await log.append(ASKED)
        assert [one.health for one in await order(around(world))] == [Health.OK]
        await superuser.execute("update unpositioned set recorded_at = now() - interval '2 minutes'")
        [finding] = await order(around(world))
        assert (finding.health, finding.what.en[:9]) == (Health.FAIL, "1 appends")
        await positioned(log)
        assert [one.health for one in await order(around(world))] == [Health.OK]


GROW: Final = """
with grown as (
    update stream set head_seq = head_seq + 1, head_at = clock_timestamp() where stream = $1 returning head_seq
)
insert into event
select stream, grown.head_seq, gen_random_uuid(), filing_id, agency, kind, version, body, sealed, key_id, command_id,
    actor, via, occurred_at, recorded_at, xid, prev_hash, hash
from event, grown where stream = $1 and seq = 1
"""
