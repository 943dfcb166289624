"""The append by itself, on PostgreSQL alone: what it writes in which order, and what it does not believe."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID, uuid4

import asyncpg
import pytest
from temporalio.exceptions import ApplicationError

from activities.intake import OpenRequest, Registry
from activities.ledger import builds
from activities.ledger.append import Ledger
from activities.ledger.reserving import Reserving
from activities.ledger.vault import Vault
from rules.streams import KINDS
from schemas.errors import RefusalCode
from schemas.filing import events as ev
from schemas.people import SYSTEM, Role
from schemas.stream.ledger import Appended, Batch
from tests.acting import AGENCY, BIRTH, VERSION, VIA, officer
from tests.conftest import World
from tests.unit.filing.lives import Life

NOW: Final = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)


class Log:
    """A ledger on one database, and a filing of its own."""

    def __init__(self, world: World, pool: asyncpg.Pool[Any]) -> None:
        self.filing: UUID = uuid4()
        self.ledger = Ledger(pool, Vault(world.settings.master), KINDS)
        self._heads: dict[str, int] = {}

    def batch(self, *events: dict[str, Any], stream: str | None = None, **changes: Any) -> Batch:
        name = f"{stream or 'filing'}:{self.filing}" + (":1" if stream else "")
        fields = {
            "stream": name,
            "filing_id": self.filing,
            "agency": AGENCY,
            "next_seq": self._heads.get(name, 0) + 1,
            "command_id": uuid4().hex,
            "digest": "d",
            "actor": SYSTEM,
            "via": VIA,
            "at": NOW,
            "events": events,
        }
        return Batch.model_validate(fields | changes)

    async def append(self, *events: dict[str, Any], stream: str | None = None, **changes: Any) -> Appended:
        batch = self.batch(*events, stream=stream, **changes)
        answer = await self.ledger.append(batch)
        if answer.stored:
            self._heads[batch.stream] = answer.stored[-1].seq
        return answer

    async def rule(self, *events: dict[str, Any]) -> str | None:
        """Why the filing may not say so, if it may not."""
        refused = (await self.append(*events)).refused
        return None if refused is None else refused.problems[0].rule


@asynccontextmanager
async def opened(world: World) -> AsyncIterator[Log]:
    async with asyncpg.create_pool(world.app_dsn, min_size=2, max_size=2) as pool:
        yield Log(world, pool)


ASKED: Final = {"kind": "fee_requested", "n": 1, "amount": 16000, "channel": "online", "lines": []}
PAID: Final = {"kind": "fee_paid", "n": 1, "amount": 16000, "channel": "online"}
HANDED_OVER: Final = {"kind": "handed_over", "channel": "post"}


def captured(amount: int, *, owed: bool) -> dict[str, Any]:
    at = NOW.isoformat()
    return {"kind": "payment_captured", "capture_id": f"c{amount}", "amount": amount, "captured_at": at, "owed": owed}


def ended(outcome: str) -> dict[str, Any]:
    return {"kind": "consignment_ended", "outcome": outcome}


async def test_a_fee_is_paid_online_only_by_the_money_that_its_payment_has_recorded(world: World) -> None:
    async with opened(world) as log:
        await log.append(ASKED)
        for money in (captured(15999, owed=True), captured(16000, owed=False)):
            assert await log.rule(PAID) == "not_recorded"
            assert (await log.append(money, stream="payment")).refused is None
        assert await log.rule(PAID) == "not_recorded"
        await log.append(captured(16000, owed=True), stream="payment")
        assert await log.rule(PAID) is None


async def test_a_result_is_handed_over_by_post_only_once_its_parcel_was_delivered(world: World) -> None:
    async with opened(world) as log:
        assert await log.rule(HANDED_OVER) == "not_recorded"
        await log.append(ended("returned"), stream="parcel")
        assert await log.rule(HANDED_OVER) == "not_recorded"
        await log.append(ended("delivered"), stream="parcel")
        assert await log.rule(HANDED_OVER) is None


@pytest.mark.parametrize(("outcome", "other"), [("lost", "returned"), ("returned", "lost")])
async def test_a_parcel_failed_as_its_own_stream_says(world: World, outcome: str, other: str) -> None:
    async with opened(world) as log:
        await log.append(ended(other), stream="parcel")
        failed = {"kind": "parcel_failed", "n": 1, "outcome": outcome}
        assert await log.rule(failed) == "not_recorded"
        assert await log.rule(failed | {"outcome": other}) is None


async def test_a_log_with_a_gap_takes_nothing(world: World) -> None:
    async with opened(world) as log:
        await log.append(ASKED)
        with pytest.raises(ApplicationError) as error:
            await log.append({"kind": "released"}, next_seq=3)
        assert (error.value.type, error.value.non_retryable) == (RefusalCode.LEDGER_CONFLICT, True)
        async with world.connection() as connection:
            assert await connection.fetchval("select count(*) from event") == 1


async def test_no_event_is_recorded_before_the_one_it_follows(world: World) -> None:
    async with opened(world) as log, world.connection() as connection:
        await log.append(ASKED)
        ahead = await connection.fetchval("update stream set head_at = now() + interval '1 hour' returning head_at")
        await log.append({"kind": "released"}, {"kind": "released"})
        recorded = await connection.fetch("select recorded_at from event where seq > 1")
        assert [row["recorded_at"] for row in recorded] == [ahead, ahead]
        assert ahead > datetime.now(UTC) + timedelta(minutes=50)


async def test_a_task_is_given_to_no_officer_who_has_left(world: World) -> None:
    async with opened(world) as log, world.connection() as connection:
        await log.append(ASKED)
        given = {"kind": "reassigned", "officer": officer(Role.SPECIALIST).subject, "role": "specialist"}
        assert await log.rule(given | {"role": "leader"}) == "not_in_directory"
        await connection.execute("update officer set active = false where subject = $1", given["officer"])
        assert await log.rule(given) == "not_in_directory"
        await connection.execute("update officer set active = true where subject = $1", given["officer"])
        assert await log.rule(given) is None


async def test_nobody_who_has_left_answers_for_what_an_order_approves(world: World) -> None:
    request = OpenRequest(stream=f"filing:{uuid4()}", code=BIRTH, version=VERSION, agency=AGENCY)
    leader = officer(Role.LEADER).subject
    async with asyncpg.create_pool(world.app_dsn, min_size=1, max_size=1) as pool, world.connection() as connection:
        registry = Registry(pool)
        assert (await registry.open(request)).accountable.standing == leader
        await connection.execute("update officer set active = false where subject = $1", leader)
        assert (await registry.open(request)).accountable.standing is None


async def test_who_looks_for_a_persons_filings_holds_up_whoever_looks_for_the_same_persons(world: World) -> None:
    submitted = Life().log[0].event
    assert isinstance(submitted, ev.Submitted)
    vault = Vault(world.settings.master)
    one, other = vault.person(submitted.applicant.id_number), vault.person("001090000099")
    free: Final = "select pg_try_advisory_xact_lock($1)"
    async with opened(world) as log, world.connection() as first, world.connection() as second:
        reserving = Reserving(vault, KINDS.numberings)
        reserved = reserving.reserved(cast("Any", first), log.batch(ASKED), [submitted])
        async with reserved, second.transaction():
            held, apart = (int.from_bytes(person[:8], "big", signed=True) for person in (one, other))
            assert (await second.fetchval(free, held), await second.fetchval(free, apart)) == (False, True)
        assert await second.fetchval(free, held) is True


async def test_the_promoted_build_takes_over_what_it_reads_and_nothing_newer(world: World) -> None:
    async with opened(world) as log, world.connection() as connection:
        given = cast("Any", connection)
        await log.append(ASKED)
        stream = log.batch().stream

        async def takes(snapshot: int, of: str = stream) -> bool:
            return await builds.can_take_over(given, "filing", of, snapshot)

        newest = KINDS["filing"].reads.snapshot
        await builds.register(given, "old", KINDS)
        assert not await takes(newest)  # nobody is promoted
        await connection.execute("update build set promoted_at = now() where build = 'old'")
        assert [await takes(newest), await takes(newest + 1)] == [True, False]
        assert not await builds.can_take_over(given, "complaint", stream, 1)
        await connection.execute(
            """
            insert into build (build, reads, promoted_at) values ('new', jsonb_build_object('kinds', jsonb_build_object(
                'filing', jsonb_build_object('snapshot', $1::int, 'events', '{}'::jsonb))), now() + interval '1 s')
            """,
            newest,
        )
        assert [await takes(newest), await takes(newest, "filing:nothing")] == [False, True]
        await builds.register(given, "new", KINDS)
        assert await takes(newest)
