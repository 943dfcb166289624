"""The master key is changed while filings run, and the command is killed half-way: no filing waits, no data is lost."""

import asyncio
import base64
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from activities.keys.masters import MASTER_KEY, OTHER_MASTER_KEY, MasterKeys, master_keys
from activities.ledger.vault import Vault
from operations.key_rotation import WRAPPED_BY
from operations.rebuilding import rebuild
from tests.acting import Doubtful, Play, birth
from tests.conftest import ROOT, World
from tests.faults.processes import motcua, worker_process
from verifier.ledger import verify

THIRD: Final = 4
NEW: Final = base64.b64encode(bytes(range(32))).decode()
AT_ONCE: Final = 3
KILLED: Final = f"""
import sys
from motcua.command import main
from operations import key_rotation as rotation
rotation.AT_ONCE = {AT_ONCE}
sys.argv = ["motcua", "keys", "rotate"]
main()
"""
pytestmark = pytest.mark.timeout(340)


@asynccontextmanager
async def worker(world: World, folder: Path, current: str, other: str = "") -> AsyncIterator[None]:
    async with worker_process(world.process_env | keys(current, other), folder) as process:
        yield
        await process.stop()


def keys(current: str, other: str = "") -> dict[str, str]:
    return {MASTER_KEY: current, OTHER_MASTER_KEY: other}


async def killed_half_way(env: Mapping[str, str], folder: Path) -> int:
    """Changes the keys in a process that dies after the first of several pages; returns its exit code."""
    (folder / "keys.rotated").touch()
    own = {"MOTCUA_FAILPOINTS": str(folder), "PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, env={**os.environ, **env, **own}, cwd=folder
    )
    return await asyncio.wait_for(process.wait(), 60)


async def wrapped_by(world: World) -> dict[str, int]:
    return {row["by"]: row["count"] for row in await world.fetch(WRAPPED_BY)}


async def opens(world: World, masters: MasterKeys) -> bool:
    async with world.connection() as connection:
        return await Vault(masters).opens(connection)


async def begun(world: World, count: int) -> list[Play]:
    return await asyncio.gather(*(Play.begin(world, birth()) for _ in range(count)))


async def test_the_master_key_changes_under_running_filings(world: World, tmp_path: Path) -> None:
    old = world.env[MASTER_KEY]
    both, names = master_keys(NEW, old), [master_keys(key).current.name for key in (old, NEW)]
    env = world.process_env | keys(NEW, old)
    async with world.back_office(Doubtful()):
        async with AsyncExitStack() as stack:
            async with worker(world, tmp_path / "knows", old, NEW):
                plays = await begun(world, THIRD)
                deciding = [asyncio.create_task(plays[0].deliver())]
                # What has the new key works before what wraps by the old one is told to stop.
                await stack.enter_async_context(worker(world, tmp_path / "wraps", NEW, old))
            plays += await begun(world, THIRD)
            deciding.append(asyncio.create_task(plays[THIRD].deliver()))
            before = await wrapped_by(world)
            assert await killed_half_way(env, tmp_path) == -signal.SIGKILL
            assert (await wrapped_by(world))[names[0]] == before[names[0]] - AT_ONCE, "half-way"
            assert (await verify(world.superuser_dsn)).problems == []
            opened = [await opens(world, masters) for masters in (both, master_keys(old), master_keys(NEW))]
            assert opened == [True, False, False]
            plays += await begun(world, THIRD)
            done = await motcua(env, "keys", "rotate", "--json")
            assert (done.code, json.loads(done.out)["left"]) == (0, {}), done.err
            assert set(await wrapped_by(world)) == {names[1]}
            await asyncio.gather(*deciding)
        async with worker(world, tmp_path / "alone", NEW):
            for play in plays:
                if not (await play.view()).closed:
                    await play.deliver()
    assert (await verify(world.superuser_dsn)).problems == []
    rebuilt = await rebuild(world.owner_dsn, master_keys(NEW), lambda *_: None)
    assert not any(rebuilt.changed.values()), "people are told apart as before"
