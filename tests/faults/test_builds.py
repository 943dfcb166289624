"""Running filings move from build to build, with another flow, other clocks and killed workers; no filing is lost."""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import asyncpg
import pytest

from operations.programs import find_program
from operations.schema_version import MIGRATIONS, migrate_command
from recovery.builds import NONE, Build, Builds, NoSuchBuildError
from recovery.stalled import stalled
from schemas.filing import commands as cm
from schemas.filing.state import Stage
from schemas.people import Role
from tests.acting import NEVER_PAYS, Doubtful, Play, birth, eventually, extract
from tests.callbacks import providers
from tests.conftest import ROOT, World
from tests.faults.processes import WorkerProcess, motcua, worker_process
from tests.faults.vnpay import approve, given, paid, vnpay
from tests.workflow.results import signed_once, waits_for
from workers.build import CODE, build_of

ROOMS: Final = (*CODE, "views", "workers", "recovery", "motcua")
OTHER_FLOW: Final = (
    "workflows/filing.py",
    "    async def _steps(self) -> None:\n",
    "    async def _steps(self) -> None:\n        await workflow.sleep(timedelta(milliseconds=20))\n",
)
OTHER_CLOCKS: Final = (
    "rules/filing/clocks.py",
    "return own.get(filing.channel) or limits.intake",
    "return own.get(filing.channel) or limits.processing",
)
NEWER_SNAPSHOT: Final = ("schemas/filing/state.py", "snapshot_version: int = 1", "snapshot_version: int = 2")


def checkout(folder: Path, *changes: tuple[str, str, str]) -> Path:
    """Returns a checkout of the platform with other code; unchanged files keep their bytecode."""
    for room in ROOMS:
        shutil.copytree(ROOT / room, folder / room)
    shutil.copy(ROOT / "requirements.lock", folder)
    for name, before, after in changes:
        text = (folder / name).read_text("utf-8")
        assert before in text
        (folder / name).write_text(text.replace(before, after), "utf-8")
    return folder


async def before_the_newest_migration(folder: Path) -> Path:
    """Returns a checkout of the whole platform at the commit before the newest migration."""
    newest = max(MIGRATIONS.glob("*.sql")).relative_to(ROOT)
    made = await output_of("git", "-C", ROOT, "log", "-1", "--follow", "--diff-filter=A", "--format=%H", "--", newest)
    folder.mkdir()
    await output_of("git", "-C", ROOT, "archive", "--output", folder / "tree.tar", f"{made.strip()}^")
    await output_of("tar", "-x", "-f", folder / "tree.tar", "-C", folder)
    assert not (folder / newest).exists()
    return folder


async def output_of(*command: str | Path, env: Mapping[str, str] | None = None, folder: Path = ROOT) -> str:
    """Runs a program that has to succeed; returns its output."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, env=env, cwd=folder, stdout=pipe, stderr=pipe)
    out, err = await asyncio.wait_for(process.communicate(), 100)
    assert process.returncode == 0, err.decode()
    return out.decode()


@dataclass(frozen=True)
class Versions:
    """A world whose workers are processes of several builds."""

    world: World
    builds: Builds
    folder: Path

    @asynccontextmanager
    async def worker(self, root: Path) -> AsyncIterator[WorkerProcess]:
        async with worker_process(self.world.process_env, self.folder / build_of(root), checkout=root) as process:
            yield process

    async def of(self, build: str) -> Build:
        return next(one for one in await self.builds.all() if one.build == build)

    async def holding(self) -> dict[str, int]:
        """Returns the number of workflows that each build holds, without builds that hold none."""
        return {one.build: one.holds for one in await self.builds.all() if one.holds}

    async def build_of_run(self, play: Play) -> str:
        found = await self.world.temporal.get_workflow_handle(f"filing:{play.filing}").describe()
        return found.raw_description.workflow_execution_info.versioning_info.deployment_version.build_id

    async def drained(self, build: str) -> int:
        return await self.builds.drain(build, lambda *_: None)


@pytest.fixture
async def versions(world: World, tmp_path: Path) -> AsyncIterator[Versions]:
    async with asyncpg.create_pool(world.app_dsn, min_size=0, max_size=5) as pool, world.back_office(Doubtful()):
        yield Versions(world, Builds(pool, world.temporal), tmp_path)


async def in_flight(world: World) -> list[Play]:
    """Returns filings at every stage: at intake, with a fee that nobody pays, with a paid fee, in review, ended."""
    plays = [await Play.begin(world, birth()), await Play.begin(world, extract(payer_account=NEVER_PAYS))]
    for play in [await Play.begin(world, extract()), await Play.begin(world, birth())]:
        await play.accept()
        await play.at(Stage.REVIEW)
        plays.append(play)
    await plays[1].accept()
    ended = await Play.begin(world, extract())
    await ended.deliver()
    return [*plays, ended]


OPEN: Final = 7
"""The number of open workflows of these filings: four filings, and three payments, which watch for late money."""


async def finish(plays: list[Play]) -> None:
    for play in plays:
        view = await play.view()
        if view.stage is Stage.INTAKE:
            await play.accept()
        if view.stage is Stage.FEE:
            await play.act(cm.Withdraw, play.submission.actor, reason="twice")
        elif view.stage is not Stage.CLOSED:
            await play.review()
        await play.at(Stage.CLOSED)


async def captures(world: World, filing: UUID) -> int:
    counted = "select count(*) from event where filing_id = $1 and kind = 'payment_captured'"
    return int(await world.fetchval(counted, filing))


CAPTURES: Final = [0, 0, 1, 0, 1]


async def test_filings_go_on_with_the_build_that_is_promoted_and_back(versions: Versions) -> None:
    world, other = versions.world, checkout(versions.folder / "other", OTHER_FLOW, OTHER_CLOCKS)
    a, b = build_of(ROOT), build_of(other)
    async with versions.worker(ROOT) as first:
        plays = await in_flight(world)
        await eventually(versions.holding, lambda holding: holding == {a: OPEN})
        async with versions.worker(other):
            with pytest.raises(NoSuchBuildError):
                await versions.builds.promote("nobody")
            await versions.builds.promote(b)
            newer = await Play.begin(world, birth())
            assert await versions.build_of_run(newer) == b
            asleep, awake = plays[0], plays[2]
            await awake.act(cm.Claim, awake.officer(Role.SPECIALIST))
            await eventually(lambda: versions.build_of_run(awake), lambda build: build == b)
            assert (await versions.build_of_run(asleep), await versions.drained(a)) == (a, 0)
            assert await versions.build_of_run(asleep) == b
            first.kill()
            await eventually(versions.holding, lambda holding: holding == {b: OPEN + 1})
            assert await stalled(world.temporal) == []
            async with versions.worker(ROOT):
                await versions.builds.promote(a)
                assert await versions.drained(b) == 0
                await awake.act(cm.Release, awake.officer(Role.SPECIALIST))
                await finish([*plays, newer])
                assert await stalled(world.temporal) == []
    assert [await captures(world, play.filing) for play in plays] == CAPTURES


async def test_the_build_before_the_newest_migration_works_before_it_and_after_it_and_again(versions: Versions) -> None:
    """The older build serves during the upgrade, beside the newer build, and after the downgrade.

    The older build's commands read the events of the newer build.
    """
    world, older = versions.world, await before_the_newest_migration(versions.folder / "older")
    a, b = build_of(older), build_of(ROOT)
    env = {**os.environ, **world.process_env, "PYTHONPATH": str(older), "LANG": "en"}
    dbmate = [*migrate_command(str(find_program("dbmate")), "MOTCUA_OWNER_DATABASE_URL")[:-1], "rollback"]
    known = {each.name for each in older.glob("deploy/migrations/*.sql")}
    for _ in {each.name for each in MIGRATIONS.glob("*.sql")} - known:
        await output_of(*dbmate, env=env)

    async def seen_by_older(*words: str) -> Any:
        command = (sys.executable, "-m", "motcua.command", *words, "--json")
        return json.loads(await output_of(*command, env=env, folder=older))

    async with versions.worker(older) as first:
        plays = await in_flight(world)
        assert (await motcua(world.process_env, "migrate")).code == 0
        await (awake := plays[2]).act(cm.Claim, awake.officer(Role.SPECIALIST))
        async with versions.worker(ROOT) as newer:
            await versions.builds.promote(b)
            plays.append(await Play.begin(world, birth()))
            assert await versions.drained(a) == 0
            first.kill()
            await plays[0].accept()
            await eventually(versions.holding, lambda holding: set(holding) == {b})
            async with versions.worker(older):
                await versions.builds.promote(a)
                assert await versions.drained(b) == 0
                await newer.stop()
                await eventually(versions.holding, lambda holding: set(holding) == {a})
                listed = {row["filing_id"] for row in await seen_by_older("tasks")}
                assert {str(plays[0].filing), str(plays[-1].filing)} <= listed
                await awake.act(cm.Release, awake.officer(Role.SPECIALIST))
                await finish(plays)
                checked = await seen_by_older("versions", "check")
                assert await stalled(world.temporal) == []
    assert [await captures(world, play.filing) for play in plays] == [*CAPTURES, 0]
    assert (checked["problems"], checked["differs"], checked["checked"] > OPEN) == ([], [], True)
    mixed = json.loads((await motcua(world.process_env, "ledger", "verify", "--json")).out)
    assert {row["table"] for row in mixed["rows"]} <= {"reader"}, mixed  # docs/access.md, "On an upgrade"
    assert (await motcua(world.process_env, "ledger", "rebuild")).code == 0
    verified = await motcua(world.process_env, "ledger", "verify", "--json")
    assert verified.code == 0, verified


async def test_what_a_build_can_not_read_stays_where_it_is(versions: Versions) -> None:
    world, newer = versions.world, checkout(versions.folder / "newer", NEWER_SNAPSHOT)
    a, b = build_of(ROOT), build_of(newer)
    async with versions.worker(newer):
        play = await Play.begin(world, birth())
        async with versions.worker(ROOT):
            await versions.builds.promote(a)
            await play.accept()
            assert await versions.drained(b) == 1
            await play.review()
            await play.at(Stage.CLOSED)
            assert await versions.build_of_run(play) == b
            assert await stalled(world.temporal) == []


async def test_what_a_build_without_workers_holds_is_started_again(versions: Versions) -> None:
    world, other = versions.world, checkout(versions.folder / "other", OTHER_FLOW, OTHER_CLOCKS)
    a, b = build_of(ROOT), build_of(other)
    async with versions.worker(ROOT) as first:
        plays = await in_flight(world)
        await first.stop()
    unrecorded = asyncio.create_task(Play.begin(world, birth()))
    await eventually(lambda: versions.of(a), lambda build: build.holds == OPEN and not build.workers)
    released = world.process_env | {"MOTCUA_RELEASE": "true"}
    async with worker_process(released, versions.folder / b, checkout=other):
        await eventually(versions.builds.current, lambda build: build == b)
        await eventually(versions.holding, lambda holding: holding == {b: OPEN + 1})
        await finish([*plays, await unrecorded])
        assert await stalled(world.temporal) == []
    assert [await captures(world, play.filing) for play in plays] == CAPTURES


async def test_what_was_begun_before_there_were_builds_is_started_again(versions: Versions) -> None:
    world, other = versions.world, checkout(versions.folder / "other", OTHER_FLOW, OTHER_CLOCKS)
    async with world.platform():
        plays = await in_flight(world)
    await eventually(versions.holding, lambda holding: holding == {NONE: OPEN})
    async with versions.worker(other):
        await eventually(versions.holding, lambda holding: holding == {build_of(other): OPEN})
        await finish(plays)
        assert await stalled(world.temporal) == []


async def test_a_signature_under_way_is_asked_for_once_by_two_builds(versions: Versions) -> None:
    world, other = versions.world, checkout(versions.folder / "other", OTHER_FLOW)
    a, b = build_of(ROOT), build_of(other)
    async with versions.worker(ROOT) as first:
        play = await waits_for(world, "signature")
        async with versions.worker(other):
            await versions.builds.promote(b)
            assert await versions.drained(a) == 0
            first.kill()
            await signed_once(play)


async def test_a_refund_that_is_under_way_moves_too_and_is_given_once(versions: Versions) -> None:
    """VNPay refunds the money but its answer is lost; from the next day on, VNPay does not know the request."""
    world, other = versions.world, checkout(versions.folder / "other", OTHER_CLOCKS)
    a, b = build_of(ROOT), build_of(other)
    with vnpay(versions.folder) as bank:
        await world.execute("update agency set merchants = array['vnpay']")
        env = world.process_env | {"MOTCUA_PROVIDERS": providers(bank)}
        async with worker_process(env, versions.folder / a) as first:
            play = await Play.accepted(world, extract(payer_account=None))
            await paid(play)
            bank.client.put("/faults/refunds", json={"fault": "apply_then_hang", "value": 10}).raise_for_status()
            bank.client.put("/faults/vnpay", json={"fault": "next_day", "times": 100}).raise_for_status()
            await approve(play)
            await eventually(lambda: given(bank), bool)
            held = f"/orders/{bank.client.get('/ledger').json()['orders'][0]['key']}/hold"
            bank.client.put(held, json={"queries": True, "callbacks": False}).raise_for_status()
            async with worker_process(env, versions.folder / b, checkout=other):
                await versions.builds.promote(b)
                assert await versions.drained(a) == 0
                first.kill()
                bank.client.put(held, json={"queries": False, "callbacks": False}).raise_for_status()
                await eventually(lambda: play.kinds("payment", 1), lambda kinds: "payment_refunded" in kinds, 90)
                assert await stalled(world.temporal) == []
        assert await given(bank) == [6_000]
        assert (await play.kinds("refund", 1001)).count("refund_asked") == 1


async def test_the_commands(versions: Versions) -> None:
    world, a = versions.world, build_of(ROOT)
    env = world.process_env
    async with versions.worker(ROOT):
        await in_flight(world)
        assert f'"build": "{a}"' in (await motcua(env, "versions", "--json")).out
        checked = await motcua(env, "versions", "check", "--replay")
        assert (checked.code, "0 luồng không thể đọc được" in checked.out) == (0, True), checked
        assert (await motcua(env, "versions", "promote", "nobody")).code == 1
        refused = await motcua(env, "versions", "drain", a)
        assert (refused.code, "is the current build" in refused.err) == (1, True)
        assert json.loads((await motcua(env, "versions", "drain", NONE, "--json")).out) == {"build": NONE, "stayed": 0}
