"""The record names the workers' key: a process without it does not work, and the doctor names the missing key."""

from __future__ import annotations

import asyncio
import os
from base64 import b64encode
from pathlib import Path
from typing import Final

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue

from activities.keys.master_key import MasterKey
from activities.ledger.database import Pool
from activities.ledger.vault import Vault
from console.home import write_new
from motcua.machine_work import machine_work
from motcua.payloads.key_ring import CODEC_KEYS
from operations.commands.ledger.versions import BuildCheck, Checked
from recovery.behind import Compared, behind
from recovery.codec_keys import STOPPED_WITHIN, KeyNotHereError, announce, expect_current, expect_taken, until_taken
from recovery.restart import Restarter
from schemas.ids import NUDGE
from tests.acting import Doubtful, Play, birth, eventually, record, refusal, stock
from tests.conftest import World
from tests.faults.processes import REAL, worker_process
from tests.forked import forked
from tests.integration.operations.doctor import NOBODY, Diagnosis, Doctor
from tests.sealed import KEYS, ring, sealed, written
from tests.shell import Shell
from tests.walking import walked


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


async def test_who_seals_by_a_key_that_no_worker_has_starts_nothing_again(world: World, pool: Pool) -> None:
    ours, strange = await sealed(world, ring("one")), await sealed(world, ring("three", "one"))
    async with ours.platform(), ours.back_office(Doubtful()):
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


async def test_what_was_heard_is_kept_until_workers_open_what_is_told_them(pool: Pool) -> None:
    await until_taken(pool, None)
    waiting = asyncio.create_task(until_taken(pool, ring("one"), every=0.05))
    _, still = await asyncio.wait({waiting}, timeout=0.5)
    assert still
    await announce(pool, ring("one"))
    await asyncio.wait_for(waiting, 20)


async def test_a_worker_without_the_key_does_not_start_and_one_that_works_stops(world: World, tmp_path: Path) -> None:
    async with worker_process(world.process_env, tmp_path / "plain", REAL) as plain:
        async with world.connection(world.app_dsn) as connection:
            await announce(connection, ring("one"))
        assert await plain.died() == 1
    assert "codec.key_missing" in (tmp_path / "plain" / "worker.log").read_text()
    for setting in ("", written("two")):
        env = {**os.environ, **world.process_env, CODEC_KEYS: setting}
        pipe, same = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT
        process = forked(REAL, env=env, cwd=tmp_path, stdout=pipe, stderr=same)
        said, _ = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 1
        assert b"workers seal by the key one, which is not in MOTCUA_CODEC_KEYS" in said
    async with worker_process(world.process_env | {CODEC_KEYS: written("one")}, tmp_path / "sealed", REAL) as worker:
        await worker.stop()


async def streams(pool: Pool) -> list[str]:
    return [row["stream"] for row in await pool.fetch("select stream from stream where filing_id is not null")]


async def checked(world: World, pool: Pool) -> list[Checked]:
    check = BuildCheck(pool, world.temporal, Vault(world.settings.master), replay=True)
    return [await check.check(row) for row in await check.sample(10, "x")]


@pytest.mark.parametrize("encoding", ["binary/encrypted", "motcua/not-opened", "binary/plain"])
async def test_a_refused_start_of_what_has_ended_is_no_obstacle(world: World, pool: Pool, encoding: str) -> None:
    strange = Payload(metadata={"encoding": encoding.encode()}, data=b"\xff")
    async with world.platform(), world.back_office(Doubtful()):
        ended, lives = [await Play.begin(world, birth(submission_id=name)) for name in ("ended", "lives")]
        await ended.withdraw()
        stream = f"filing:{ended.filing}"
        await world.temporal.get_workflow_handle(stream).result()
        client = await stock(world)
        handle = await client.start_workflow("Filing", RawValue(strange), id=stream, task_queue="motcua")
        await refusal(handle.result())
        assert await behind(world.temporal, pool, await streams(pool)) == Compared([], [], [])
        assert [one.problem for one in await checked(world, pool)] == [None, None]
        await lives.accept()


async def test_what_runs_and_cannot_be_opened_here_is_named(world: World, pool: Pool) -> None:
    ours = await sealed(world, ring("one"))
    async with ours.platform(), ours.back_office(Doubtful()):
        play = await Play.begin(ours, birth())
        stream = f"filing:{play.filing}"
        assert await behind(world.temporal, pool, await streams(pool)) == Compared([], [], [stream])
        assert await behind(ours.temporal, pool, await streams(pool)) == Compared([], [], [])
        [told] = await checked(world, pool)
        assert told.problem is not None
        assert told.problem.startswith(f"{stream}: it can't be opened")
        assert [one.problem for one in await checked(ours, pool)] == [None]
        assert await machine_work(world.temporal, stream) == []


@pytest.fixture
def doctor(shell: Shell) -> Doctor:
    return Doctor(shell.env)


AWAY: Final = {"TEMPORAL_ADDRESS": "temporal.example.invalid:7233"}
OPENED: Final = {CODEC_KEYS: written(None, "one", plain=True)}
READABLE: Final = "Temporal is elsewhere: whoever reads the namespace reads every filing"


@walked(
    ("settings", "health", "says"),
    [
        ({}, "ok", "off; Temporal is on this machine, readable"),
        ({"TEMPORAL_ADDRESS": NOBODY}, "ok", "off; Temporal is on this machine, readable"),
        (AWAY, "fail", f"off, and {READABLE}"),
        (AWAY | {CODEC_KEYS: written("one")}, "ok", "sealed by one; also opened: –"),
        (OPENED, "ok", "opened, but nothing is sealed yet; Temporal is on this machine, readable"),
        (AWAY | OPENED, "fail", READABLE),
        ({"TEMPORAL_ADDRESS": None, "TEMPORAL_CONFIG_FILE": "/", "TEMPORAL_PROFILE": "none"}, "fail", ""),
    ],
    exactly=7,
)
async def test_the_codec_is_off_where_temporal_is_here_and_must_not_be_elsewhere(
    doctor: Doctor, settings: dict[str, str | None], health: str, says: str
) -> None:
    [(found, words)] = (await doctor(**settings)).of("codec")
    assert (found, says in words) == (health, True), words


async def test_a_ring_is_looked_at_and_no_key_is_told(doctor: Doctor, tmp_path: Path) -> None:
    file = tmp_path / "ring.json"
    write_new(file, written("one", "two", plain=True))
    told = await doctor(MOTCUA_CODEC_KEYS=str(file))
    assert told.of("codec") == [("warn", "sealed by one; also opened: two; what is not sealed is taken as well")]
    assert KEYS["one"] not in told.text
    file.chmod(0o644)
    told = await doctor(MOTCUA_CODEC_KEYS=str(file))
    assert "codec" in told.failed
    assert "can be read by others" in told.of("codec")[0][1]
    assert KEYS["one"] not in (await doctor(MOTCUA_CODEC_KEYS=written("one"))).text
    bad = await doctor(MOTCUA_CODEC_KEYS=str(tmp_path / "none.json"))
    assert "codec" in bad.failed
    assert "FileNotFoundError" in bad.of("codec")[0][1]


async def test_the_ring_is_compared_with_that_of_the_workers(world: World, doctor: Doctor) -> None:
    assert (await doctor()).of("codec_record") == [("ok", "the same as that of the workers")]
    async with world.connection(world.app_dsn) as connection:
        await announce(connection, ring("one"))
    assert (await doctor(MOTCUA_CODEC_KEYS=written("one"))).of("codec_record")[0][0] == "ok"
    for other in ("", written("two"), written("two", "one")):
        assert "codec_record" in (await doctor(MOTCUA_CODEC_KEYS=other)).failed


async def test_a_key_that_is_missing_is_named(world: World, doctor: Doctor) -> None:
    before, without = await sealed(world, ring("one")), await sealed(world, ring("two"))
    async with before.platform(), before.back_office(Doubtful()):
        play = await Play.begin(before, birth())
    async with without.platform():
        await without.temporal.get_workflow_handle(f"filing:{play.filing}").signal(NUDGE)

        async def diagnosis() -> Diagnosis:
            return await doctor(MOTCUA_CODEC_KEYS=written("two"))

        found = await eventually(diagnosis, lambda said: "codec_keys" in said.failed, within=150)
    assert found.of("codec_keys") == [("fail", "1 workflows stand still: missing: one")]
    assert found.fix("codec_keys").startswith(f"put the key into {CODEC_KEYS}")


async def test_keys_are_listed_and_a_new_one_is_added_that_only_opens(tmp_path: Path) -> None:
    first, grown = tmp_path / "ring.json", tmp_path / "grown.json"
    shell = Shell({})
    write_new(first, written("one", queues={"agency.H01.12": ["three"]}))
    assert (await shell("keys", "list", "--json", MOTCUA_CODEC_KEYS=str(first))).json == {
        "keys": [
            {"key": "one", "current": True, "queue": None},
            {"key": "three", "current": True, "queue": "agency.H01.12"},
        ],
        "plain": False,
        "record": None,
    }
    master = b64encode(bytes(range(32))).decode()
    both = await shell("keys", "list", "--json", MOTCUA_CODEC_KEYS=str(first), MOTCUA_MASTER_KEY=master)
    assert both.json["record"] == MasterKey(bytes(range(32))).name
    assert master not in both.out
    assert (await shell("keys", "add", first, grown)).out == f"{grown}\n"
    lines = (await shell("keys", "list", MOTCUA_CODEC_KEYS=str(grown))).out.splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["one", "three"]
    told = [" ".join(line.split()[1:]) for line in lines]
    assert told == ["Use Queue", "opens", "seals and opens", "seals and opens agency.H01.12"]


async def test_no_ring_is_written_over_and_none_is_printed(tmp_path: Path) -> None:
    file = tmp_path / "ring.json"
    shell = Shell({})
    assert (await shell("keys", "new", file)).out == f"{file}\n"
    kept = file.read_text()
    assert (await shell("keys", "new")).code != 0
    for words in (("new", file), ("add", file, file)):
        again = await shell("keys", *words)
        assert again.code != 0
        assert "is there already" in again.err
        assert file.read_text() == kept
    assert (await shell("keys", "add", tmp_path / "none.json", tmp_path / "new.json")).code != 0
    assert not (tmp_path / "new.json").exists()
