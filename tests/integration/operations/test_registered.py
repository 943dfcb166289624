"""A change of the register of programs that bypasses its commands is found; the doctor lists the allowed programs."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest

from activities.ledger.authority import principals as held
from activities.ledger.authority.principals import Keyring
from console.database import Connection
from console.home import Home
from operations.doctor.check import Health, Surroundings
from operations.doctor.identity import identity, principals
from operations.principal_register import differences
from rules.time.working_time import VIETNAM
from schemas.errors import RefusalError
from schemas.identity.statement import Claim
from tests.conftest import World
from tests.integration.operations.principals import adding, done, revoking, rotating
from tests.shell import Shell
from tests.speaking import grant, private_key
from tests.waits import around

KEY: Final = private_key(1).key_id
OTHER: Final = private_key(3).key_id


OF_KEY: Final = f"where key_id = '{KEY}'"
A_KEY: Final = (
    "insert into principal_key select 'k', principal, agency, 'x', valid_from, valid_until from principal_key "
)
COLUMNS: Final = {
    ("principal", "desk-1", "where principal = 'desk-1'"): {
        "agency": "'H56.30'",
        "name": "'y'",
        "kind": "'portal'",
        "subject": "'somebody'",
        "grants": "jsonb_set(grants, '{0,assurance}', '1')",
    },
    ("principal_key", KEY, OF_KEY): {
        "principal": "'desk-2'",
        "agency": "'H56.30'",
        "public_key": "'x'",
        "valid_from": "'-infinity'",
        "valid_until": "valid_until + interval '1 microsecond'",
        "revoked_at": "null",
    },
    ("principal_version", "True", ""): {"version": "version + 1"},
    ("principal_change", "2", "where n = 2"): {
        "command_id": "'x'",
        "principal": "'desk-9'",
        "change": "'rotate'",
        "asked": "12",
        "officer": "'x'",
        "agency": "'H56.30'",
        "reason": "null",
    },
}
TAMPERINGS: Final = {
    **{
        f"update {table} set {column} = {value} {where}": f"{table} {row} differs {column}"  # noqa: S608 -- words of ours
        for (table, row, where), columns in COLUMNS.items()
        for column, value in columns.items()
    },
    "update principal set principal = 'desk-9' where principal = 'desk-1'": (
        "principal desk-1 missing, principal desk-9 extra"
    ),
    f"update principal_key set key_id = 'k' {OF_KEY}": (  # noqa: S608 -- words of ours
        f"principal_key {KEY} missing, principal_key k extra"
    ),
    "delete from principal_version": "principal_version True missing",
    "delete from principal_key where principal = 'desk-2'": f"principal_key {OTHER} missing",
    "delete from principal where principal = 'desk-2'": "principal desk-2 missing",
    f"{A_KEY} limit 1": "principal_key k extra",
    "insert into principal (principal, agency, name, kind, grants) values ('desk-9', '*', 'x', 'desk', '[]')": (
        "principal desk-9 extra"
    ),
    "update principal_change set body = 'secret' where n = 9": "principal_change 9 unreadable",
    "update principal_change set waits = false where n = 10": "principal_change 11 unreadable",
    "update principal_change set waits = true where n = 6": f"principal_key {KEY} differs revoked_at",
    "update principal_change set at = at + interval '1 hour' where n = 8": f"principal_key {OTHER} differs valid_from",
    "delete from principal_change where n = 9": "principal_change 9 missing",
    "delete from principal_change where n = 12": (
        "principal_version True differs version, principal desk-1 differs name"
    ),
}


@pytest.fixture
async def lived(world: World) -> World:
    """A world whose register has had every kind of change."""
    await done(world, adding(1), rotating(2), revoking(1), adding(3, id="desk-2"))
    await done(world, adding(None, grants=[grant(Claim.OFFICERS, "H01.12").model_dump(mode="json")]))
    wider = [grant(Claim.OFFICERS, "*").model_dump(mode="json")]
    await done(world, adding(None, grants=wider), adding(None, name="x", grants=wider))
    return world


@pytest.fixture
async def superuser(lived: World) -> AsyncIterator[Connection]:
    """Yields a connection that no trigger and no foreign key stops."""
    async with lived.connection(lived.superuser_dsn) as connection:
        for table in ("principal", "principal_key", "principal_version", "principal_change"):
            await connection.execute(f"alter table {table} disable trigger all")
        yield connection


async def test_every_tampering_is_found_at_its_row_and_column(superuser: Connection) -> None:
    assert await differences(superuser) == []
    found = {}
    for statement in TAMPERINGS:
        change = superuser.transaction(isolation="repeatable_read")
        await change.start()
        assert (await superuser.execute(statement))[-2:] != " 0", statement
        told = await differences(superuser)
        found[statement] = {" ".join((one.table, one.row, str(one.why), *one.columns)) for one in told}
        await change.rollback()
    assert found == {statement: set(expected.split(", ")) for statement, expected in TAMPERINGS.items()}


async def test_the_doctor_names_it_and_the_next_change_mends_it(
    lived: World, superuser: Connection, shell: Shell
) -> None:
    whole = await shell("ledger", "verify", "--json")
    assert [whole.json[name] for name in ("register", "publications", "rows", "bindings")] == [[], [], [], []]
    assert {one["rule"] for one in whole.json["problems"]} == {"guard"}, "of the triggers that are off here"
    assert [one.health for one in await principals(around(lived))] == [Health.OK]
    await superuser.execute("update principal set kind = 'secret' where principal = 'desk-1'")
    await superuser.execute(A_KEY + "where principal = 'desk-1' limit 1")
    broken = await shell("ledger", "verify", "--json")
    assert (broken.code, broken.json["verified"]) == (1, False)
    assert broken.json["register"] == [
        {"table": "principal", "row": "desk-1", "why": "differs", "columns": ["kind"]},
        {"table": "principal_key", "row": "k", "why": "extra", "columns": []},
    ]
    told = " ".join((await shell("ledger", "verify")).out.split())
    assert ("principal desk-1 kind differs" in told, "secret" in told) == (True, False)
    (found,) = await principals(around(lived))
    assert (found.health, "principal desk-1 (differs)" in found.what.en) == (Health.FAIL, True)
    await done(lived, revoking())
    assert await differences(superuser) == []


Look = Callable[..., Any]
SPEAKS: Final = (Health.OK, "3 programs may speak")


@pytest.fixture
def look(world: World, tmp_path: Path) -> Look:
    """Returns a function that returns the doctor's findings with these settings: health, and words in English."""

    async def looked(**settings: str) -> list[tuple[Health, str]]:
        database = {"MOTCUA_DATABASE_URL": world.app_dsn}
        found = await identity(Surroundings(settings=database | settings, sources={}, home=Home(tmp_path)))
        return [(one.health, one.what.en) for one in found]

    return looked


async def test_who_asks_everybody_needs_somebody_who_may_speak(world: World, look: Look) -> None:
    why = "whatever comes has to be signed, and no program has a key in force: nobody can say anything"
    assert await look() == [(Health.FAIL, why)]
    await done(world, adding(1))
    assert await look(MOTCUA_IDENTITY="required") == [SPEAKS]
    await done(world, revoking())
    assert await look() == [(Health.OK, "2 programs may speak")]


@pytest.mark.parametrize(
    ("address", "health"),
    [
        *((address, Health.WARN) for address in ("127.0.0.1:7233", "[::1]:7233", None)),
        *((address, Health.FAIL) for address in ("10.0.0.7:7233", "temporal.example.vn:7233")),
    ],
)
async def test_nobody_is_believed_on_a_server_that_others_reach(
    look: Look, monkeypatch: pytest.MonkeyPatch, address: str | None, health: Health
) -> None:
    monkeypatch.delenv("TEMPORAL_ADDRESS", raising=False)
    if address is not None:
        monkeypatch.setenv("TEMPORAL_ADDRESS", address)
    ((found, words),) = await look(MOTCUA_IDENTITY="off")
    assert (found, "MOTCUA_IDENTITY=off" in words) == (health, True)


@pytest.mark.parametrize(("days", "health"), [(29, Health.WARN), (6, Health.FAIL)])
async def test_the_last_key_of_a_program_that_ends_soon_is_named(
    world: World, look: Look, days: int, health: Health
) -> None:
    soon = adding(1)
    assert soon.key is not None
    ends = datetime.now(VIETNAM) + timedelta(days=days)
    await done(world, soon.model_copy(update={"key": soon.key.model_copy(update={"valid_until": ends})}))
    assert await look() == [SPEAKS, (health, f"desk-1: its last key ends on {ends:%Y-%m-%d}")]
    await done(world, rotating(2))
    assert await look() == [SPEAKS]


async def test_a_program_that_can_not_be_read_is_named(world: World, look: Look) -> None:
    await done(world, adding(1), adding(2, id="desk-2"))
    await world.execute("update principal set kind = 'secret' where principal = 'desk-2'")
    assert await look() == [SPEAKS, (Health.FAIL, "desk-2 can't be read, so this program is not heard")]


@pytest.mark.parametrize(("ahead", "told"), [(49, None), (55, Health.WARN), (-55, Health.WARN), (300, Health.FAIL)])
async def test_a_process_whose_clock_is_off_says_so(
    world: World, look: Look, monkeypatch: pytest.MonkeyPatch, ahead: int, told: Health | None
) -> None:
    class Off(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) - timedelta(seconds=ahead)

    await done(world, adding(1))
    monkeypatch.setattr(held, "datetime", Off)
    async with asyncpg.create_pool(world.app_dsn, min_size=1, max_size=1) as pool, Keyring(pool) as keyring:
        if told is Health.FAIL:
            with pytest.raises(RefusalError):
                _ = keyring.ring
        else:
            assert keyring.ring.principal("desk-1") is not None
    found = [one for one in await look() if "clock" in one[1]]
    assert [health for health, _ in found] == ([] if told is None else [told])
    async with world.connection() as connection:
        rows = await connection.fetch("select process, seconds from clock_off")
        assert [row["seconds"] for row in rows] == ([] if told is None else [ahead])
        assert all(row["process"] in found[0][1] for row in rows)
        await connection.execute("update clock_off set at = at - interval '5 minutes'")
    assert [one for one in await look() if "clock" in one[1]] == []


async def test_it_says_so_once_in_ten_seconds(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = [100.0]
    monkeypatch.setattr(held, "monotonic", lambda: moment[0])
    monkeypatch.setattr(held, "OFF_BY", -1)
    async with asyncpg.create_pool(world.app_dsn, min_size=1, max_size=1) as pool:
        keyring = Keyring(pool)
        said = []
        for moment[0] in (100.0, 109.0, 110.0):
            await keyring._ask()
            said.append(await pool.fetchval("select at from clock_off"))
    assert said[0] == said[1] < said[2]
