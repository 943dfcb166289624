"""People are told from each other by a key of its own, which a change of the master key leaves as it is."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, Final

import asyncpg
import pytest

from activities.keys.master_key import MasterKey
from activities.keys.masters import MasterKeys
from activities.ledger.vault import IndexKeyGoneError, Vault
from operations.rebuilding.rebuild import rebuild
from tests.acting import Play, birth
from tests.conftest import World
from tests.keyed import keyed, nobody_published
from views.log import SealBrokenError
from workers.wiring import activities

NUMBER: Final = "001090000099"
ANOTHER: Final = MasterKey(bytes(32))


@pytest.fixture(autouse=True)
async def _nobody_published(world: World) -> None:
    await nobody_published(world)


def told_by(secret: bytes) -> bytes:
    return hmac.new(secret, f"person\n{NUMBER}".encode(), hashlib.sha256).digest()


async def test_the_first_filing_makes_the_key_and_nobody_makes_another(world: World, connection: Any) -> None:
    master = world.settings.master
    with pytest.raises(IndexKeyGoneError):
        await Vault(master).person(connection, NUMBER)
    person = await Vault(master).person(connection, NUMBER, first=True)
    assert person == await Vault(master).person(connection, NUMBER)
    assert person != told_by(secret_of(master)), "no key of the settings"
    await connection.execute("delete from index_key")
    await connection.execute("create table kept as select * from filing")
    assert await Vault(master).person(connection, NUMBER, first=True) != person, "nobody was told apart by it yet"


async def test_where_people_have_been_told_apart_a_lost_key_is_missed_until_all_are_anew(
    world: World, connection: Any
) -> None:
    async with world.platform():
        play = await Play.begin(world, birth())
    master = world.settings.master
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
    world: World, connection: Any
) -> None:
    master = world.settings.master
    await keyed(world)
    await connection.execute("update filing_key set wrapped_by = null")
    person = told_by(secret_of(master))
    assert await Vault(master).person(connection, NUMBER) == person
    assert await Vault(master).person(connection, NUMBER, first=True) == person
    assert await connection.fetchval("select count(*) from index_key") == 0
    async with activities(world.settings):
        pass
    with pytest.raises(SealBrokenError):
        await Vault(MasterKeys(ANOTHER)).person(connection, NUMBER)
    changed = MasterKeys(ANOTHER, master.current)
    await Vault(changed).begin(connection)
    assert await Vault(changed).person(connection, NUMBER) == person
    assert await Vault(MasterKeys(ANOTHER)).person(connection, NUMBER) == person, "wherever it came from"


async def test_two_who_make_it_at_once_have_the_same(world: World, connection: Any) -> None:
    async with asyncpg.create_pool(world.app_dsn, min_size=1, max_size=1) as pool, pool.acquire() as other:
        async with connection.transaction():
            made = await Vault(world.settings.master).begin(connection)
            assert await Vault(world.settings.master).begin(connection) == made
        assert await Vault(world.settings.master).begin(other) == made


def secret_of(master: MasterKeys) -> bytes:
    assert isinstance(master.current, MasterKey)
    return master.current.secret
