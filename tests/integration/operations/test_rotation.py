"""`motcua keys rotate`: what it wraps anew, what it can't, what it says; and what the doctor says meanwhile."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest

from activities.keys.masters import MASTER_KEY, OTHER_MASTER_KEY, VAULT_TOKEN_FILE, MasterKeys, master_keys
from activities.ledger.vault import Vault
from operations.keys import rotation
from operations.keys.rotation import WRAPPED_BY, NotRotatedError, rotate
from tests.conftest import World
from tests.keyed import keyed, nobody_published
from tests.shell import Shell

NEW: Final = base64.b64encode(bytes(range(32))).decode()
NOWHERE: Final = "vault:http://127.0.0.1:9/transit/motcua"
NAME: Final = master_keys(NEW).current.name


@pytest.fixture(autouse=True)
async def _nobody_published(world: World) -> None:
    await nobody_published(world)


def set_to(current: str, other: str | None = None, token: Path | None = None) -> dict[str, str | None]:
    return {MASTER_KEY: current, OTHER_MASTER_KEY: other, VAULT_TOKEN_FILE: None if token is None else str(token)}


async def doctor_says(shell: Shell, **env: str | None) -> tuple[str, str]:
    """Health and words of the one check."""
    [found] = [one for one in (await shell("doctor", "--json", **env)).json["findings"] if one["check"] == "master_key"]
    return found["health"], found["what"]["en"]


async def test_what_another_key_has_wrapped_is_wrapped_anew_and_what_is_left_is_said(
    world: World, shell: Shell, tmp_path: Path
) -> None:
    old = world.env[MASTER_KEY]
    for _ in range(2):
        await keyed(world)
    name = master_keys(old).current.name
    assert await doctor_says(shell) == ("ok", "opens the keys of the record")
    waiting = ("warn", "2 keys are still wrapped by another master key, or an older version")
    assert await doctor_says(shell, **set_to(NEW, old)) == waiting

    done = await shell("keys", "rotate", **set_to(NEW, old))
    assert (done.code, done.out) == (0, f"2 keys → {NAME}\n"), done.err
    assert (await shell("keys", "rotate", "--json", **set_to(NEW))).json == {"by": NAME, "rotated": 0, "left": {}}
    assert await doctor_says(shell, **set_to(NEW)) == ("ok", "opens the keys of the record")
    assert (await doctor_says(shell))[0] == "fail"

    lacking = await shell("keys", "rotate", "--json")
    assert (lacking.code, "set MOTCUA_OTHER_MASTER_KEY" in lacking.err) == (1, True), lacking.err
    assert old not in lacking.out + lacking.err
    third = world.env[MASTER_KEY]
    assert (await shell("keys", "rotate", **set_to(third, NEW))).code == 0
    assert await by(world) == {name: 3}

    token = tmp_path / "token"
    token.write_text("-")
    for command in (("keys", "rotate"), ("keys", "list")):
        assert (await shell(*command, **set_to(NOWHERE))).code == 2, "no token"
    gone = await shell("keys", "rotate", **set_to(NOWHERE, old, token))
    assert (gone.code, "the key manager can't be asked: ConnectError" in gone.err) == (4, True), gone.err
    assert await doctor_says(shell, **set_to(NOWHERE, old, token)) == (
        "fail",
        "the key manager can't be asked: ConnectError",
    )
    assert await by(world) == {name: 3}


async def by(world: World) -> dict[str, int]:
    async with world.connection() as connection:
        return {row["by"]: row["count"] for row in await connection.fetch(WRAPPED_BY)}


async def test_what_no_key_here_opens_is_left_as_it_is(world: World) -> None:
    broken, sound = await keyed(world), await keyed(world)
    masters = MasterKeys(master_keys(NEW).current, world.settings.master.current)
    async with world.connection() as connection:
        await connection.execute("update filing_key set wrapped = wrapped || wrapped where filing_id = $1", broken)
        before = await connection.fetchrow("select * from filing_key where filing_id = $1", broken)
        report = await rotate(world.owner_dsn, masters, lambda *_: None)
        assert (report.rotated, report.left) == (1, {world.settings.master.current.name: 1})
        assert await connection.fetchrow("select * from filing_key where filing_id = $1", broken) == before
        assert await Vault(master_keys(NEW)).find(connection, sound) is not None


async def test_what_is_erased_meanwhile_does_not_come_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    filings = sorted([await keyed(world) for _ in range(3)])
    masters = MasterKeys(master_keys(NEW).current, world.settings.master.current)
    async with world.connection() as connection:
        renewing = rotation._Rotation._renew

        async def erased(self: Any, rows: Any) -> None:
            await connection.execute("delete from filing_key where filing_id = $1", filings[1])
            await renewing(self, rows)

        monkeypatch.setattr(rotation._Rotation, "_renew", erased)
        assert (await rotate(world.owner_dsn, masters, lambda *_: None)).rotated == 2
        left = await connection.fetch("select filing_id from filing_key order by filing_id")
        assert [row["filing_id"] for row in left] == [filings[0], filings[2]]


async def test_one_at_a_time_and_only_the_owner(world: World) -> None:
    async with world.connection() as connection:
        await connection.execute("select pg_advisory_lock(hashtext('motcua keys rotate'))")
        with pytest.raises(NotRotatedError, match="another command"):
            await rotate(world.owner_dsn, world.settings.master, lambda *_: None)
    await keyed(world)
    changed = MasterKeys(master_keys(NEW).current, world.settings.master.current)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await rotate(world.app_dsn, changed, lambda *_: None)


async def test_every_table_of_wrapped_keys_is_gone_through(world: World) -> None:
    async with world.connection() as connection:
        rows = await connection.fetch("select table_name from information_schema.columns where column_name = 'wrapped'")
    assert {row["table_name"] for row in rows} == {"filing_key", "index_key"}
