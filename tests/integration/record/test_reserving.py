"""A batch's numbers and keys are committed with the batch or not at all, and each key is made only once."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from typing import Any, Final, cast
from uuid import UUID, uuid4

import asyncpg
import pytest
from asyncpg.connection import LoggedQuery

from activities.keys.master_key import MasterKey
from activities.keys.masters import MasterKeys
from activities.ledger.database import Connection, Pool
from activities.ledger.reserving import Reserved, Reserving
from activities.ledger.vault import IndexKeyGoneError, Vault
from operations.rebuilding import rebuild
from rules.streams import KINDS
from schemas.base import Model
from schemas.filing.events import FeePaid
from schemas.ids import filing_workflow
from schemas.level import Channel
from tests.acting import AGENCY, Play, birth, eventually
from tests.conftest import World
from tests.integration.record.appends import WAITING, batch
from tests.keyed import keyed
from tests.unit.filing.lives import Life
from views.log import SealBrokenError
from workers.wiring import activities, open_pool

SUBMITTED: Final = Life().log[0].event.model_copy(update={"code": None})
TAKEN: Final = ("begin", "count", "commit")
PAID: Final = FeePaid(n=1, amount=1, channel=Channel.COUNTER)

pytestmark = pytest.mark.usefixtures("nobody_published")


@pytest.fixture
async def pool(world: World) -> AsyncIterator[Pool]:
    """A pool with one connection, opened as the platform opens it."""
    async with open_pool(world.settings.model_copy(update={"pool_size": 1})) as opened:
        yield opened


@pytest.fixture
def vault(world: World) -> Vault:
    return Vault(world.settings.master)


async def reserve(pool: Pool, vault: Vault, filing: UUID, *events: Model, fails: bool = False) -> Reserved:
    """Returns a key and numbers reserved in one transaction, which then commits, or rolls back if it `fails`."""
    async with pool.acquire() as connection:
        return await reserve_on(connection, vault, filing, *events, fails=fails)


async def reserve_on(
    connection: Connection, vault: Vault, filing: UUID, *events: Model, fails: bool = False
) -> Reserved:
    reserving = Reserving(vault, KINDS.numberings).reserved(connection, batch(filing_workflow(filing)), events)
    async with reserving as reserved:
        if fails:
            raise FailedError
    return reserved


class FailedError(Exception):
    """The failure of the batch that needed the reservation."""


async def test_a_batch_takes_as_many_numbers_as_its_events_carry(pool: Pool, vault: Vault) -> None:
    filing = uuid4()
    first = await reserve(pool, vault, filing, PAID, SUBMITTED, PAID)
    second = await reserve(pool, vault, filing, PAID, PAID)
    receipts = [f"H56.30-2026-R000000{n}" for n in range(1, 5)]
    assert first.numbers == {"dossier": ["H56.30-20261125-0000001"], "receipt": receipts[:2]}
    assert second.numbers == {"receipt": receipts[2:]}


async def test_what_was_reserved_for_nothing_is_as_if_it_had_never_been(pool: Pool, world: World, vault: Vault) -> None:
    filing = uuid4()
    with pytest.raises(FailedError):
        await reserve(pool, vault, filing, SUBMITTED, fails=True)
    assert vault.known(filing) is None
    assert await pool.fetchval("select count(*) from filing_key where filing_id = $1", filing) == 0
    taken = await reserve(pool, vault, filing, SUBMITTED)
    assert taken.numbers == {"dossier": ["H56.30-20261125-0000001"]}
    async with pool.acquire() as connection:
        assert vault.known(filing) == taken.key == await Vault(world.settings.master).find(connection, filing)


async def test_a_submission_has_its_filer_and_its_filings_known_key(pool: Pool, vault: Vault) -> None:
    filing = uuid4()
    first, again = [await reserve(pool, vault, filing, SUBMITTED) for _ in range(2)]
    async with pool.acquire() as connection:
        person = await vault.persons(connection)
    given = SUBMITTED.authorisation
    number = None if given is None else given.id_number
    whose = {"person": person(SUBMITTED.applicant.id_number), "representative": number and person(number)}
    stands = SUBMITTED.applicant.stands_for_it_number
    whose |= {"stands_for_it": stands and person(stands)}
    assert first.whose == again.whose == whose
    assert first.key == again.key
    assert first.key.key_id.endswith(f":{filing}")


async def test_a_batch_has_its_filings_key_looked_for_once(pool: Pool, world: World, vault: Vault) -> None:
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


ANOTHER: Final = MasterKey(bytes(32))
ELSEWHERE: Final = MasterKeys(ANOTHER)
"""Another master key."""


@pytest.fixture
def master(world: World) -> MasterKeys:
    return world.settings.master


async def test_many_keys_are_learnt_at_once_but_another_masters(connection: Any, master: MasterKeys) -> None:
    ours, theirs, none = uuid4(), uuid4(), uuid4()
    key = await Vault(master).key(connection, ours, AGENCY, first=True)
    await Vault(ELSEWHERE).key(connection, theirs, AGENCY, first=True)
    vault = Vault(master)
    await vault.learn(connection, [theirs, ours, none])
    assert [vault.known(filing) for filing in (ours, theirs, none)] == [key, None, None]
    await vault.learn(cast("Any", None), [ours])  # no connection: what is known is not asked for


async def test_the_record_is_opened_by_its_own_master_key(connection: Any, master: MasterKeys) -> None:
    await connection.execute("delete from filing_key")
    assert await Vault(ELSEWHERE).opens(connection)
    await Vault(master).key(connection, uuid4(), AGENCY, first=True)
    assert [await Vault(key).opens(connection) for key in (master, ELSEWHERE)] == [True, False]


NUMBER: Final = "001090000099"


def told_by(secret: bytes) -> bytes:
    return hmac.new(secret, f"person\n{NUMBER}".encode(), hashlib.sha256).digest()


async def test_the_first_filing_makes_the_key_and_nobody_makes_another(connection: Any, master: MasterKeys) -> None:
    with pytest.raises(IndexKeyGoneError):
        await Vault(master).person(connection, NUMBER)
    person = await Vault(master).person(connection, NUMBER, first=True)
    assert person == await Vault(master).person(connection, NUMBER)
    assert person != told_by(secret_of(master)), "no key of the settings"
    await connection.execute("delete from index_key")
    await connection.execute("create table kept as select * from filing")
    assert await Vault(master).person(connection, NUMBER, first=True) != person, "nobody was told apart by it yet"


async def test_a_lost_key_of_people_is_missed_until_all_are_anew(
    world: World, connection: Any, master: MasterKeys
) -> None:
    async with world.platform():
        play = await Play.begin(world, birth())
    before = await connection.fetchval("select person from filing")
    assert await Vault(master).person(connection, play.submission.applicant.id_number) == before
    await connection.execute("delete from index_key")
    with pytest.raises(IndexKeyGoneError):
        await Vault(master).person(connection, NUMBER, first=True)
    assert (await rebuild(world.owner_dsn, master, lambda *_: None)).changed["filing"] == 1
    again = await connection.fetchval("select person from filing")
    assert again != before
    assert await Vault(master).person(connection, play.submission.applicant.id_number) == again


async def test_a_record_of_before_goes_on_with_the_master_key_it_has_told_people_apart_by(
    world: World, connection: Any, master: MasterKeys
) -> None:
    await keyed(world)
    await connection.execute("update filing_key set wrapped_by = null")
    person = told_by(secret_of(master))
    assert await Vault(master).person(connection, NUMBER) == person
    assert await Vault(master).person(connection, NUMBER, first=True) == person
    assert await connection.fetchval("select count(*) from index_key") == 0
    async with activities(world.settings):
        pass
    with pytest.raises(SealBrokenError):
        await Vault(ELSEWHERE).person(connection, NUMBER)
    changed = MasterKeys(ANOTHER, master.current)
    await Vault(changed).begin(connection)
    assert await Vault(changed).person(connection, NUMBER) == person
    assert await Vault(ELSEWHERE).person(connection, NUMBER) == person, "wherever it came from"


async def test_two_who_make_it_at_once_have_the_same(world: World, connection: Any) -> None:
    async with asyncpg.create_pool(world.app_dsn, min_size=1, max_size=1) as pool, pool.acquire() as other:
        async with connection.transaction():
            made = await Vault(world.settings.master).begin(connection)
            assert await Vault(world.settings.master).begin(connection) == made
        assert await Vault(world.settings.master).begin(other) == made


def secret_of(master: MasterKeys) -> bytes:
    assert isinstance(master.current, MasterKey)
    return master.current.secret
