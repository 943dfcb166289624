"""Whoever changes the register by other means than its commands is found out: each column, each row."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import asyncpg
import pytest

from console.comparing import Difference, Why
from console.home import Home
from operations.doctor.finding import Health
from operations.doctor.record.principal_keys import principals as look
from operations.doctor.surroundings import Surroundings
from operations.principals.fold import differences
from schemas.identity.statement import Claim
from tests.conftest import World
from tests.integration.operations.principals import adding, approving, done, requiring, revoking, rotating
from tests.shell import Shell
from tests.speaking import grant, private_key

KEY: Final = private_key(1).key_id
OTHER: Final = private_key(3).key_id


def update(table: str, column: str, value: str, where: str = "true") -> str:
    return f"update {table} set {column} = {value} where {where}"  # noqa: S608 -- a table of our own


OF_KEY: Final = f"key_id = '{KEY}'"
A_KEY: Final = (
    "insert into principal_key select 'k', principal, agency, 'x', valid_from, valid_until from principal_key "
)
TAMPERINGS: Final[dict[str, tuple[str, set[tuple[str, str, Why, tuple[str, ...]]]]]] = {
    "an id": (
        "update principal set principal = 'desk-9' where principal = 'desk-1'",
        {("principal", "desk-1", Why.MISSING, ()), ("principal", "desk-9", Why.EXTRA, ())},
    ),
    **{
        f"its {column}": (
            update("principal", column, value, "principal = 'desk-1'"),
            {("principal", "desk-1", Why.DIFFERS, (column,))},
        )
        for column, value in {
            "agency": "'H56.30'",
            "name": "'y'",
            "kind": "'portal'",
            "grants": "jsonb_set(grants, '{0,assurance}', '1')",
        }.items()
    },
    "a key's id": (
        update("principal_key", "key_id", "'k'", OF_KEY),
        {("principal_key", KEY, Why.MISSING, ()), ("principal_key", "k", Why.EXTRA, ())},
    ),
    **{
        f"a key's {column}": (
            update("principal_key", column, value, OF_KEY),
            {("principal_key", KEY, Why.DIFFERS, (column,))},
        )
        for column, value in {
            "principal": "'desk-2'",
            "agency": "'H56.30'",
            "public_key": "'x'",
            "valid_from": "'-infinity'",
            "valid_until": "valid_until + interval '1 microsecond'",
            "revoked_at": "null",
        }.items()
    },
    "two no longer needed": (
        "update principal_version set by_two = false",
        {("principal_version", "True", Why.DIFFERS, ("by_two",))},
    ),
    "another version": (
        "update principal_version set version = version + 1",
        {("principal_version", "True", Why.DIFFERS, ("version",))},
    ),
    "no version": ("delete from principal_version", {("principal_version", "True", Why.MISSING, ())}),
    "a key less": (
        "delete from principal_key where principal = 'desk-2'",
        {("principal_key", OTHER, Why.MISSING, ())},
    ),
    "a principal less": (
        "delete from principal where principal = 'desk-2'",
        {("principal", "desk-2", Why.MISSING, ())},
    ),
    "a key more": (
        A_KEY + "limit 1",
        {("principal_key", "k", Why.EXTRA, ())},
    ),
    "a principal more": (
        "insert into principal select 'desk-9', agency, name, kind, grants from principal limit 1",
        {("principal", "desk-9", Why.EXTRA, ())},
    ),
    **{
        f"a change's {column}": (
            update("principal_change", column, value, "n = 1"),
            {("principal_change", "1", Why.DIFFERS, (column,))},
        )
        for column, value in {
            "command_id": "'x'",
            "principal": "'desk-9'",
            "change": "'rotate'",
            "asked": "2",
            "officer": "'x'",
            "agency": "'H56.30'",
            "reason": "null",
        }.items()
    },
    "what was said": (
        "update principal_change set body = 'secret' where n = 6",
        {("principal_change", "6", Why.UNREADABLE, ()), ("principal_version", "True", Why.DIFFERS, ("by_two",))},
    ),
    "that it waited": (
        "update principal_change set waits = false where n = 7",
        {("principal_change", "8", Why.UNREADABLE, ())},
    ),
    "that it took effect": (
        "update principal_change set waits = true where n = 4",
        {("principal", "desk-2", Why.EXTRA, ()), ("principal_key", OTHER, Why.EXTRA, ())},
    ),
    "when": (
        "update principal_change set at = at + interval '1 hour' where n = 4",
        {("principal_key", OTHER, Why.DIFFERS, ("valid_from",))},
    ),
    "a change less": (
        "delete from principal_change where n = 5",
        {("principal_change", "5", Why.MISSING, ())},
    ),
    "the last change less": (
        "delete from principal_change where n = 9",
        {
            ("principal_version", "True", Why.DIFFERS, ("version",)),
            ("principal", "desk-1", Why.DIFFERS, ("name",)),
        },
    ),
}


@pytest.fixture
async def lived(world: World) -> World:
    """A register with every kind of change in it."""
    await done(world, adding(1), rotating(2), revoking(1), adding(3, id="desk-2"))
    await done(world, adding(None, grants=[grant(Claim.OFFICERS, "H01.12").model_dump(mode="json")]))
    await done(world, requiring(on=True))
    wider = [grant(Claim.OFFICERS, "*").model_dump(mode="json")]
    asked = await done(world, adding(None, grants=wider))
    await done(world, approving(asked.change.n), adding(None, name="x", grants=wider))
    return world


@pytest.fixture
async def superuser(lived: World) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A connection that no trigger and no foreign key stops."""
    async with lived.connection(lived.superuser_dsn) as connection:
        for table in ("principal", "principal_key", "principal_version", "principal_change"):
            await connection.execute(f"alter table {table} disable trigger all")
        yield connection


async def test_every_tampering_is_found_at_its_row_and_column(superuser: asyncpg.Connection[asyncpg.Record]) -> None:
    assert await differences(superuser) == []
    found = {}
    for name, (statement, _) in TAMPERINGS.items():
        change = superuser.transaction(isolation="repeatable_read")
        await change.start()
        assert (await superuser.execute(statement))[-2:] != " 0", name
        found[name] = set(await differences(superuser))
        await change.rollback()
    assert found == {name: {Difference(*one) for one in expected} for name, (_, expected) in TAMPERINGS.items()}


async def test_the_command_and_the_doctor_name_it_and_the_next_change_mends_it(
    lived: World, superuser: asyncpg.Connection[asyncpg.Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shell = Shell({"MOTCUA_DATABASE_URL": lived.app_dsn})
    around = Surroundings(settings=shell.env, sources={}, home=Home(tmp_path))
    whole = await shell("ledger", "verify", "--json")
    assert (whole.code, whole.json["verified"], whole.json["register"]) == (0, True, [])
    assert [one.health for one in await look(around)] == [Health.OK]
    await superuser.execute("update principal set kind = 'secret' where principal = 'desk-1'")
    await superuser.execute(A_KEY + "where principal = 'desk-1' limit 1")
    broken = await shell("ledger", "verify", "--json")
    assert (broken.code, broken.json["verified"]) == (1, False)
    assert broken.json["register"] == [
        {"table": "principal", "row": "desk-1", "why": "differs", "columns": ["kind"]},
        {"table": "principal_key", "row": "k", "why": "extra", "columns": []},
    ]
    told = await shell("ledger", "verify")
    assert "principal desk-1 kind differs" in " ".join(told.out.split())
    assert "secret" not in told.out
    (found,) = await look(around)
    assert (found.health, "principal desk-1 (differs)" in found.what.en) == (Health.FAIL, True)
    await done(lived, revoking())
    assert await differences(superuser) == []
