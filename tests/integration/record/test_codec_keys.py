"""The record knows by which key workers seal: who lacks it does not work, and starts nothing again."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import asyncpg
import pytest

from motcua.payloads.key_ring import CODEC_KEYS
from recovery.codec_keys import STOPPED_WITHIN, KeyNotHereError, announce, expect_current, expect_taken, until_taken
from recovery.restart import Restarter
from tests.acting import Doubtful, Play, birth, record
from tests.conftest import ROOT, World
from tests.faults.processes import REAL, worker_process
from tests.forked import forked
from tests.sealed import ring, sealed, written


async def test_who_lacks_the_key_that_workers_seal_by_does_not_work(world: World) -> None:
    async with world.connection(world.owner_dsn) as connection:
        for off in (None, ring(None, "one", plain=True)):
            assert await announce(connection, off) == 0
        assert await announce(connection, ring("one")) == 0  # the first worker of all waits for nobody
        await connection.execute("insert into build (build, reads) values ('x', '{}')")
        await connection.execute("update codec_key set since = since - interval '1 day'")
        assert await announce(connection, ring("one", "two")) == 0
        for _ in range(2):  # whoever comes beside the first waits as well
            assert 0 < await announce(connection, ring("two", "one")) <= STOPPED_WITHIN
        for known in (ring("two"), ring("one", "two"), ring(None, "two", plain=True)):
            await announce(connection, known)
            await expect_current(connection, known)
        for unknown in (None, ring("one"), ring("three"), ring("one", plain=True), ring(None, "one", plain=True)):
            with pytest.raises(KeyNotHereError, match="the key two, which is not in MOTCUA_CODEC_KEYS"):
                await announce(connection, unknown)
        assert await connection.fetchval("select array_agg(key_id order by n) from codec_key") == ["one", "two"]


async def test_who_seals_by_a_key_that_no_worker_has_starts_nothing_again(world: World) -> None:
    ours, strange = await sealed(world, ring("one")), await sealed(world, ring("three", "one"))
    async with ours.platform(), ours.back_office(Doubtful()), asyncpg.create_pool(world.app_dsn, min_size=1) as pool:
        await announce(pool, ring("one"))
        play = await Play.begin(ours, birth())
        stream, before = f"filing:{play.filing}", await record(world)
        for restarter in (Restarter(pool, strange.temporal), Restarter(pool, world.temporal)):
            with pytest.raises(KeyNotHereError):
                await restarter.restart(stream, force=True)
            with pytest.raises(KeyNotHereError):
                await restarter.begin_again(stream)
        assert await record(world) == before
        await Restarter(pool, ours.temporal).restart(stream, force=True)
        await play.accept()
        with pytest.raises(KeyNotHereError, match="no worker seals by the key three"):
            await expect_taken(pool, ring("three", "one"))


async def test_what_was_heard_is_kept_until_workers_open_what_is_told_them(world: World) -> None:
    async with asyncpg.create_pool(world.app_dsn, min_size=1) as pool:
        await until_taken(pool, None)
        waiting = asyncio.create_task(until_taken(pool, ring("one"), every=0.05))
        _, still = await asyncio.wait({waiting}, timeout=0.5)
        assert still
        await announce(pool, ring("one"))
        await asyncio.wait_for(waiting, 20)


async def started(world: World, folder: Path, setting: str) -> tuple[int, str]:
    """How a worker ends that is started with this ring, and what it says."""
    process = forked(
        REAL,
        env={**os.environ, **world.process_env, CODEC_KEYS: setting, "PYTHONPATH": str(ROOT)},
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, out.decode()


async def test_a_worker_without_the_key_does_not_start_and_one_that_works_stops(world: World, tmp_path: Path) -> None:
    async with worker_process(world.process_env, tmp_path / "plain", REAL) as plain:
        async with world.connection(world.app_dsn) as connection:
            await announce(connection, ring("one"))
        assert await plain.died() == 1
    assert "codec.key_missing" in (tmp_path / "plain" / "worker.log").read_text()
    for setting in ("", written("two")):
        code, said = await started(world, tmp_path, setting)
        assert code == 1
        assert "workers seal by the key one, which is not in MOTCUA_CODEC_KEYS" in said
    async with worker_process(world.process_env | {CODEC_KEYS: written("one")}, tmp_path / "sealed", REAL) as worker:
        await worker.stop()
