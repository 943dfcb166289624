"""What a batch takes before it is written is taken with it or not at all, and only one at a time takes it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from asyncpg.connection import LoggedQuery

from activities.ledger.database import Connection, Pool
from activities.ledger.reserving import Filer, Reserved, Reserving
from activities.ledger.vault import FilingKey, KeyGoneError, Vault
from rules.streams import KINDS
from schemas.base import Model
from schemas.filing.events import FeePaid
from schemas.ids import digest, filing_workflow
from schemas.level import Channel
from schemas.people import SYSTEM
from schemas.stream.ledger import Batch
from tests.acting import VIA, eventually
from tests.conftest import World
from tests.unit.filing.lives import Life
from workers.wiring import open_pool

SUBMITTED: Final = Life().log[0].event.model_copy(update={"code": None})
TAKEN: Final = ("begin", "count", "commit")
PAID: Final = FeePaid(n=1, amount=1, channel=Channel.COUNTER)
AGENCY: Final = "H56.30"


@pytest.fixture
async def pool(world: World) -> AsyncIterator[Pool]:
    """One connection, as the platform has it."""
    async with open_pool(world.settings.model_copy(update={"pool_size": 1})) as opened:
        yield opened


def batch_of(filing: UUID) -> Batch:
    return Batch(
        stream=filing_workflow(filing),
        filing_id=filing,
        agency=AGENCY,
        next_seq=1,
        command_id="c",
        digest=digest("c"),
        actor=SYSTEM,
        via=VIA,
        at=datetime(2026, 11, 26, 3, tzinfo=UTC),
    )


@pytest.fixture
def vault(world: World) -> Vault:
    return Vault(world.settings.master)


async def reserve(pool: Pool, vault: Vault, filing: UUID, *events: Model, fails: bool = False) -> Reserved:
    """What is reserved, in a transaction that has ended."""
    async with pool.acquire() as connection:
        return await reserve_on(connection, vault, filing, *events, fails=fails)


async def reserve_on(
    connection: Connection, vault: Vault, filing: UUID, *events: Model, fails: bool = False
) -> Reserved:
    async with Reserving(vault, KINDS.numberings).reserved(connection, batch_of(filing), events) as reserved:
        if fails:
            raise FailedError
    return reserved


async def found(pool: Pool, world: World, filing: UUID) -> FilingKey | None:
    """The key that the record holds."""
    async with pool.acquire() as connection:
        return await Vault(world.settings.master).find(connection, filing)


class FailedError(Exception):
    """What a batch was reserved for was not done."""


async def test_a_batch_takes_as_many_numbers_as_its_events_carry_and_the_next_batch_those_behind(
    pool: Pool, vault: Vault
) -> None:
    filing = uuid4()
    first = await reserve(pool, vault, filing, PAID, SUBMITTED, PAID)
    second = await reserve(pool, vault, filing, PAID, PAID)
    assert first.numbers == {
        "dossier": ["H56.30-20261126-0000001"],
        "receipt": ["H56.30-2026-R0000001", "H56.30-2026-R0000002"],
    }
    assert second.numbers == {"receipt": ["H56.30-2026-R0000003", "H56.30-2026-R0000004"]}


async def test_what_was_reserved_for_nothing_is_as_if_it_had_never_been(pool: Pool, world: World, vault: Vault) -> None:
    filing = uuid4()
    with pytest.raises(FailedError):
        await reserve(pool, vault, filing, SUBMITTED, fails=True)
    assert vault.known(filing) is None
    assert await pool.fetchval("select count(*) from filing_key where filing_id = $1", filing) == 0
    taken = await reserve(pool, vault, filing, SUBMITTED)
    assert taken.numbers == {"dossier": ["H56.30-20261126-0000001"]}
    assert vault.known(filing) == taken.key == await found(pool, world, filing)


async def test_a_submission_has_its_filer_and_its_filings_key_also_where_the_key_is_known_already(
    pool: Pool, vault: Vault
) -> None:
    filing = uuid4()
    first, again = [await reserve(pool, vault, filing, SUBMITTED) for _ in range(2)]
    async with pool.acquire() as connection:
        person = await vault.person(connection, SUBMITTED.applicant.id_number)
    assert first.filer == again.filer == Filer(person, SUBMITTED.procedure)
    assert first.key == again.key
    assert first.key.key_id.endswith(f":{filing}")


async def test_a_batch_has_its_filings_key_whoever_made_it_and_it_is_looked_for_once(
    pool: Pool, world: World, vault: Vault
) -> None:
    filing, elsewhere = uuid4(), Vault(world.settings.master)
    made = await reserve(pool, vault, filing, SUBMITTED)
    asked: list[LoggedQuery] = []
    async with pool.acquire() as connection:
        with connection.query_logger(asked.append):
            for _ in range(2):
                assert (await reserve_on(connection, elsewhere, filing, PAID)).key == made.key
        await connection.execute("select")  # asyncpg tells of a query a moment after it
    assert len(asked) == len(("key", *TAKEN, *TAKEN)), "the key before anything is locked"
    assert elsewhere.known(filing) == made.key


async def test_a_key_that_is_being_made_elsewhere_is_waited_for(pool: Pool, world: World, vault: Vault) -> None:
    filing = uuid4()
    async with world.connection() as connection:
        async with connection.transaction():
            key = await Vault(world.settings.master).key(connection, filing, AGENCY, first=True)
            waiting = asyncio.create_task(reserve(pool, vault, filing, SUBMITTED))
            await eventually(lambda: connection.fetchval(WAITING), bool)
        assert (await waiting).key == key


async def test_without_the_key_that_somebody_took_away_nothing_is_written(
    pool: Pool, world: World, vault: Vault
) -> None:
    async with world.connection() as connection:
        await connection.execute(NEVER_THERE)
    with pytest.raises(KeyGoneError):
        await reserve(pool, vault, uuid4(), SUBMITTED)
    assert await pool.fetchval("select count(*) from counter") == 0


async def test_who_gives_up_waiting_leaves_nothing_behind(pool: Pool, world: World, vault: Vault) -> None:
    said: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: said.append(told))
    async with world.connection() as connection, connection.transaction():
        await connection.execute("lock table stream in exclusive mode")
        waiting = asyncio.create_task(reserve(pool, vault, uuid4(), SUBMITTED))
        await eventually(lambda: connection.fetchval(WAITING), bool)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await pool.fetchval("select count(*) from pg_locks where pid = pg_backend_pid() and mode ~ 'Row'") == 0
    assert said == []
    await reserve(pool, vault, uuid4(), SUBMITTED)


WAITING: Final = """
select count(*) from pg_locks join pg_stat_activity using (pid) where not granted and datname = current_database()
"""
NEVER_THERE: Final = """
create function nobody() returns trigger language plpgsql as 'begin return null; end';
create trigger never before insert on filing_key for each row execute function nobody();
"""
"""As if each key were taken away as soon as it is there."""
