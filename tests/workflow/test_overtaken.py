"""A run that has lost its stream takes it back by itself, unless the run that has it may be at work."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final, TypeAlias
from uuid import uuid4

import asyncpg
import pytest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from motcua import LedgerConflict
from recovery import overtaken
from recovery.behind import NEWEST, Compared, Known, behind, seen
from recovery.overtaken import MOST, Overtaken
from recovery.presence import number_of, others_work, present
from recovery.restart import Found, Restarter
from rules.streams import KINDS
from schemas import ids
from schemas.errors import RefusalCode
from schemas.filing import commands as cm
from schemas.filing.state import Closing
from schemas.people import Role
from tests.acting import NEVER_PAYS, Play, eventually, extract
from tests.conftest import World, database_url, empty_namespace
from tests.shell import Shell
from verifier.ledger import verify

Pool: TypeAlias = "asyncpg.Pool[Any]"
ITS_CONNECTION: Final = """
select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and objid = $1::bigint::oid
"""


@pytest.fixture
async def pool(world: World) -> AsyncIterator[Pool]:
    async with asyncpg.create_pool(world.app_dsn, min_size=0, max_size=4) as pool:
        yield pool


async def elsewhere(world: World) -> World:
    """Returns a world with the same record and another, empty namespace of Temporal."""
    temporal = await empty_namespace(world)
    return replace(world, temporal=temporal, namespace=temporal.namespace)


async def epoch(world: World, stream: str) -> int:
    return int(await world.fetchval("select epoch from stream where stream = $1", stream))


async def status(world: World, stream: str) -> WorkflowExecutionStatus | None:
    return (await world.temporal.get_workflow_handle(stream).describe()).status


async def doctor_on_behind(world: World) -> list[tuple[str, str]]:
    """Returns health and words of the doctor's findings about runs behind their log."""
    found = (await Shell(world.process_env)("doctor", "--json")).json["findings"]
    return [(one["health"], one["what"]["en"]) for one in found if one["check"] == "behind"]


async def test_of_two_temporals_the_newer_keeps_and_the_older_writes_nothing(world: World, pool: Pool) -> None:
    older, newer = world, await elsewhere(world)
    async with older.platform(), older.back_office():
        play = await Play.begin(older, extract())
        stream = ids.filing_workflow(play.filing)
        assert await Restarter(pool, newer.temporal).restart(stream) is Found.RESTARTED
        assert await behind(older.temporal, pool, [stream]) == Compared([], [stream], [])
        assert stream in {row["stream"] for row in await pool.fetch(NEWEST, 1)}, "the newest event tells of it"
        [told] = await doctor_on_behind(older)
        assert told[0] == "fail"
        assert told[1].startswith(
            f"at least 0 do not know what the log holds, 1 have been taken over by a later run, such as {stream};"
        )
        async with newer.platform(), newer.back_office():
            assert [health for health, _ in await doctor_on_behind(older)] == ["fail", "warn"]
            [_, (_, words)] = await doctor_on_behind(newer)
            assert words.startswith("workers of 2 Temporals work on this record")
            with pytest.raises(LedgerConflict):
                await play.accept()
            with pytest.raises(WorkflowFailureError) as error:
                await older.temporal.get_workflow_handle(stream).result()
            assert isinstance(error.value.cause, ApplicationError)
            assert error.value.cause.type == RefusalCode.LEDGER_CONFLICT
            assert (await play.kinds(), await epoch(world, stream)) == (["submitted"], 2)
            at_work = replace(play, world=newer)
            assert (await at_work.deliver()).closing is Closing.DELIVERED
    assert await epoch(world, stream) == 2
    assert (await verify(world.superuser_dsn)).verified


async def test_once_the_newer_has_no_worker_the_older_goes_on_alone(world: World, pool: Pool) -> None:
    """The stream moves there and back, each time while the other side has no worker; no run waits for longer."""
    older, newer = world, await elsewhere(world)
    async with older.platform(), older.back_office():
        play = await Play.begin(older, extract(payer_account=NEVER_PAYS))
    stream = ids.filing_workflow(play.filing)
    assert await Restarter(pool, newer.temporal).restart(stream) is Found.RESTARTED
    async with newer.platform():
        await eventually(lambda: seen(newer.temporal, stream), Known(1, 2).__eq__)
    async with older.platform(), older.back_office():
        assert (await play.act(cm.Claim, play.officer(Role.RECEPTION))).seq == 2
        assert await epoch(world, stream) == 3
    async with newer.platform(), newer.back_office():
        await replace(play, world=newer).accept()
        assert await epoch(world, stream) == 4
        await eventually(lambda: behind(newer.temporal, pool, [stream]), Compared([], [], []).__eq__)
    assert await behind(older.temporal, pool, [stream]) == Compared([stream], [], [])
    assert (await play.kinds())[:3] == ["submitted", "claimed", "accepted"]


@asynccontextmanager
async def brought_back_older(world: World) -> AsyncIterator[None]:
    """Restores the database, at the end of the block, as it was at the start; nobody may be connected at the start."""
    name = world.app_dsn.rpartition("/")[2].partition("?")[0]
    backup = f"b{uuid4().hex[:12]}"

    async def execute(*statements: str) -> None:
        async with world.connection(database_url(world.superuser_dsn, "postgres")) as connection:
            for statement in statements:
                await connection.execute(statement)

    await execute(f"create database {backup} template {name} owner motcua_owner")
    yield
    await execute(f"drop database {name} with (force)", f"alter database {backup} rename to {name}")


@pytest.mark.parametrize("again", [False, True], ids=["as it was", "started again since"])
async def test_a_run_of_today_goes_on_by_the_record_of_yesterday(world: World, *, again: bool) -> None:
    """Later events are lost, and the run forgets them, too: decisions follow from the restored record."""
    async with world.platform(), world.back_office():
        play = await Play.begin(world, extract())
        await play.act(cm.Ask, play.officer(Role.RECEPTION), question="Nơi sinh?")
    stream = ids.filing_workflow(play.filing)
    async with brought_back_older(world):
        async with world.platform(), world.back_office():
            await play.act(cm.Answer, play.submission.actor, n=1, answer="Hà Nội")
            await play.act(cm.Claim, play.officer(Role.RECEPTION))
        if again:
            async with asyncpg.create_pool(world.app_dsn, min_size=0) as pool:
                await Restarter(pool, world.temporal).restart(stream, force=True)
            async with world.platform():
                await eventually(lambda: seen(world.temporal, stream), Known(4, 2).__eq__)
    async with asyncpg.create_pool(world.app_dsn, min_size=0) as pool:
        assert (await behind(world.temporal, pool, [stream])).behind == [stream]
    async with world.platform(), world.back_office():
        # As far as the run knows it is answered, and it would refuse this.
        receipt = await play.act(cm.Answer, play.submission.actor, n=1, answer="Huế", seen_seq=99)
        assert (receipt.seq, await play.kinds()) == (3, ["submitted", "asked", "answered"])
        assert (await play.deliver()).closing is Closing.DELIVERED
    assert await epoch(world, stream) == 2
    assert (await verify(world.superuser_dsn)).verified


async def asks(world: World, pool: Pool, stream: str, run_id: str | None, attempt: int = 1) -> int:
    """Takes a stream over as a run with this id; returns the epoch that the run gets."""
    env = ActivityEnvironment(client=world.temporal)
    env.info = replace(env.info, workflow_id=stream, workflow_run_id=run_id, attempt=attempt)
    found: int = await env.run(Overtaken(pool, KINDS).take_over)
    return found


async def test_an_ended_run_takes_nothing_from_the_one_that_goes_on(running: World, pool: Pool) -> None:
    stream = ids.filing_workflow((await Play.begin(running, extract())).filing)
    old = (await running.temporal.get_workflow_handle(stream).describe()).run_id
    assert await Restarter(pool, running.temporal).restart(stream, force=True) is Found.RESTARTED
    for run in (old, str(uuid4()), None):
        with pytest.raises(ApplicationError, match="another run goes on") as error:
            await asks(running, pool, stream, run)
        assert (error.value.type, error.value.non_retryable) == (RefusalCode.LEDGER_CONFLICT, True)
    for nothing in (f"filing:{uuid4()}", "strange"):
        with pytest.raises(ApplicationError, match="no such stream"):
            await asks(running, pool, nothing, old)
    assert await epoch(running, stream) == 2
    new = (await running.temporal.get_workflow_handle(stream).describe()).run_id
    assert await asks(running, pool, stream, new) == 3
    await running.temporal.get_workflow_handle(stream).terminate()
    with pytest.raises(ApplicationError, match="another run goes on"):
        await asks(running, pool, stream, new)
    assert await epoch(running, stream) == 3


async def test_it_changes_hands_so_often_an_hour(running: World, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overtaken, "AGAIN_WITHIN", 0)
    plays = [await Play.begin(running, extract()) for _ in range(2)]
    one, other = (ids.filing_workflow(play.filing) for play in plays)
    runs = {of: (await running.temporal.get_workflow_handle(of).describe()).run_id for of in (one, other)}
    assert [await asks(running, pool, one, runs[one]) for _ in range(MOST)] == list(range(2, MOST + 2))
    with pytest.raises(ApplicationError, match=f"{MOST} times within an hour"):
        await asks(running, pool, one, runs[one])
    assert (await epoch(running, one), await asks(running, pool, other, runs[other])) == (MOST + 1, 2)
    assert (await verify(running.superuser_dsn)).verified


async def test_who_just_ends_is_waited_for(running: World, pool: Pool) -> None:
    play = await Play.begin(running, extract())
    stream = ids.filing_workflow(play.filing)
    run = (await running.temporal.get_workflow_handle(stream).describe()).run_id
    other = await Client.connect(running.env["TEMPORAL_ADDRESS"], namespace="elsewhere", lazy=True)
    async with present(running.app_dsn, other):
        for attempt, last in ((1, False), (overtaken.ATTEMPTS - 1, False), (overtaken.ATTEMPTS, True)):
            with pytest.raises(ApplicationError, match="another Temporal") as error:
                await asks(running, pool, stream, run, attempt)
            assert error.value.non_retryable is last
        accepting = asyncio.create_task(play.accept())
        await running.execute("update stream set epoch = epoch + 1 where stream = $1", stream)
    await accepting


async def test_a_worker_is_known_until_it_ends_also_without_connection(running: World, pool: Pool) -> None:
    other = await Client.connect(running.env["TEMPORAL_ADDRESS"], namespace="elsewhere", lazy=True)
    async with pool.acquire() as connection, running.connection() as superuser:

        async def seen_by(client: Client) -> bool:
            return await others_work(connection, client)

        assert not await seen_by(running.temporal)
        assert await seen_by(other)
        async with present(running.app_dsn, other):
            assert await seen_by(running.temporal)
            assert len(await superuser.fetch(ITS_CONNECTION, number_of(other))) == 1
            await eventually(lambda: seen_by(running.temporal), bool, within=overtaken.AGAIN_WITHIN)
        await eventually(lambda: seen_by(running.temporal), lambda there: not there)


async def test_a_run_that_went_on_since_it_was_read_knows_only_the_log(running: World, pool: Pool) -> None:
    play = await Play.begin(running, extract())
    await play.act(cm.Claim, play.officer(Role.RECEPTION))
    stream = ids.filing_workflow(play.filing)
    heads = [{"stream": stream, "head_seq": 1, "epoch": 1}]

    class Before:
        """A pool whose first answer about the record is older than the last event."""

        async def fetch(self, query: str, *args: Any) -> Any:
            return [heads.pop()] if heads else await pool.fetch(query, *args)

    record: Any = Before()
    assert await behind(running.temporal, record, [stream]) == Compared([], [], [])
    assert heads == []


async def test_what_is_still_wrong_is_counted_last(world: World, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Temporal's answer about a run, not the outcome of a start, decides whether the run counts as wrong."""
    shell = Shell(world.process_env)
    async with world.platform():
        missing, lost = [await Play.begin(world, extract()) for _ in range(2)]
    await world.temporal.get_workflow_handle(ids.filing_workflow(missing.filing)).terminate()
    await Restarter(pool, (await elsewhere(world)).temporal).restart(ids.filing_workflow(lost.filing))

    async def in_vain(*_: Any, **__: Any) -> Found:
        return Found.RESTARTED

    with monkeypatch.context() as patch:
        patch.setattr(Restarter, "restart", in_vain)
        for what, play in (("--all-missing", missing), ("--all-behind", lost), (str(missing.code), missing)):
            ended = await shell("filing", "restart", what, "--json")
            counted = ended.json["filings"]
            assert (ended.code, counted["restarted"], counted["failed"]) == (1, 1, [])
            assert counted["still_wrong"] == [ids.filing_workflow(play.filing)]
        assert f"filing:{lost.filing} still wrong, repeat" in " ".join(
            (await shell("filing", "restart", "--all-behind")).out.lower().split()
        )
    for what, key in (("--all-missing", "missing"), ("--all-behind", "behind_by_epoch")):
        ended = await shell("filing", "restart", what, "--json")
        counted = ended.json["filings"]
        assert (ended.code, counted[key], counted["restarted"], counted["still_wrong"]) == (0, 1, 1, [])
