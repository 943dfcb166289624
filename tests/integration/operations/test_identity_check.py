"""The doctor names what keeps those from speaking who should: clocks, keys, and that nobody is asked at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from activities.ledger.authority import principals as held
from activities.ledger.authority.principals import Keyring
from console.home import Home
from operations.doctor.finding import Health
from operations.doctor.identity import identity
from operations.doctor.surroundings import Surroundings
from schemas.errors import RefusalError
from tests.conftest import World
from tests.integration.operations.principals import adding, done, revoking, rotating

Look = Callable[..., Any]


@pytest.fixture
def look(world: World, tmp_path: Path) -> Look:
    """What the doctor finds with these settings: how it is, and the words in English."""

    async def looked(**settings: str) -> list[tuple[Health, str]]:
        database = {"MOTCUA_DATABASE_URL": world.app_dsn}
        found = await identity(Surroundings(settings=database | settings, sources={}, home=Home(tmp_path)))
        return [(one.health, one.what.en) for one in found]

    return looked


async def test_who_asks_everybody_needs_somebody_who_may_speak(world: World, look: Look) -> None:
    nobody = [
        (Health.FAIL, "whatever comes has to be signed, and no program has a key in force: nobody can say anything")
    ]
    assert await look() == nobody
    await done(world, adding(1))
    assert await look(MOTCUA_IDENTITY="required") == [(Health.OK, "1 programs may speak")]
    await done(world, revoking())
    assert await look() == nobody


@pytest.mark.parametrize(
    ("address", "health"),
    [
        ("127.0.0.1:7233", Health.WARN),
        ("localhost:7233", Health.WARN),
        ("[::1]:7233", Health.WARN),
        (None, Health.WARN),
        ("10.0.0.7:7233", Health.FAIL),
        ("0.0.0.0:7233", Health.FAIL),
        ("temporal.example.vn:7233", Health.FAIL),
    ],
)
async def test_nobody_is_believed_on_a_server_that_others_reach(
    look: Look, monkeypatch: pytest.MonkeyPatch, address: str | None, health: Health
) -> None:
    if address is None:
        monkeypatch.delenv("TEMPORAL_ADDRESS", raising=False)
    else:
        monkeypatch.setenv("TEMPORAL_ADDRESS", address)
    ((found, words),) = await look(MOTCUA_IDENTITY="off")
    assert (found, "MOTCUA_IDENTITY=off" in words) == (health, True)


async def test_the_last_key_of_a_program_that_ends_soon_is_named(world: World, look: Look) -> None:
    soon = adding(1)
    assert soon.key is not None
    ends = datetime.now(UTC) + timedelta(days=29)
    await done(world, soon.model_copy(update={"key": soon.key.model_copy(update={"valid_until": ends})}))
    assert await look() == [
        (Health.OK, "1 programs may speak"),
        (Health.WARN, f"desk-1: its last key ends on {ends:%Y-%m-%d}"),
    ]
    await done(world, rotating(2))
    assert await look() == [(Health.OK, "1 programs may speak")]


async def test_a_program_that_can_not_be_read_is_named(world: World, look: Look) -> None:
    await done(world, adding(1), adding(2, id="desk-2"))
    async with world.connection(world.owner_dsn) as connection:
        await connection.execute("update principal set kind = 'secret' where principal = 'desk-2'")
    assert await look() == [
        (Health.OK, "1 programs may speak"),
        (Health.FAIL, "desk-2 can't be read, so this program is not heard"),
    ]


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
