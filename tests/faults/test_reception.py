"""Received files are never lost, even if the worker, the scanner or the store is killed meanwhile."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from motcua import FilingClient, RefusedError
from motcua.files.store import Store, open_store
from motcua.testing import page
from schemas.files import ScanState
from schemas.filing.state import Stage
from schemas.filing.submission import Submission
from tests.acting import Play, birth, eventually, of
from tests.conftest import World
from tests.faults.processes import REAL, worker_process
from tests.integration.files.clamd import OwnClamd


async def with_paper(world: World, paper: bytes | None = None) -> Submission:
    """Returns a submission whose paper is in the store."""
    plain = birth()
    data = page("giay chung sinh") if paper is None else paper
    file = await Store(open_store(world.objects)).put(of(plain), data, "application/pdf")
    return birth(submission_id=plain.submission_id, papers=[{"code": "birth_notice", "file": file}])


@pytest.fixture
def clamd(tmp_path: Path) -> OwnClamd:
    """A scanner that does not run yet."""
    (tmp_path / "clamd").mkdir()
    return OwnClamd(tmp_path / "clamd")


async def test_a_worker_killed_while_it_looks_leaves_a_filing_that_is_received_once(
    world: World, tmp_path: Path, clamd: OwnClamd
) -> None:
    env, submission = world.process_env | {"MOTCUA_CLAMD": clamd.socket}, await with_paper(world)
    async with clamd, world.back_office():
        async with worker_process(env, tmp_path, REAL) as worker:
            worker.arm("examined")
            filing = asyncio.create_task(FilingClient(world.temporal, patience=120).submit(submission))
            await worker.died()
        async with worker_process(env, tmp_path, REAL):
            play = Play(world, submission, (await filing).code)
            assert (await play.at(Stage.CLOSED)).scan is ScanState.CLEAN
    assert (await play.kinds()).count("submitted") == 1


async def test_what_waits_for_the_scanner_waits_through_a_restart_and_is_taken_in_by_itself(
    world: World, tmp_path: Path, clamd: OwnClamd
) -> None:
    env, submission = world.process_env | {"MOTCUA_CLAMD": clamd.socket}, await with_paper(world)
    async with world.back_office():
        async with worker_process(env, tmp_path, REAL) as worker:
            play = await Play.begin(world, submission)
            assert (await play.view()).scan is ScanState.PENDING
            with pytest.raises(RefusedError, match="scan_pending"):
                await play.accept()
            worker.kill()
            await worker.died()
        async with clamd, worker_process(env, tmp_path, REAL):
            assert (await eventually(play.view, lambda view: view.closed)).scan is ScanState.CLEAN
    assert (await play.kinds())[:3] == ["submitted", "files_scanned", "accepted"]


async def test_a_store_that_is_away_holds_a_submission_up_until_it_is_back(world: World, tmp_path: Path) -> None:
    submission = await with_paper(world)
    objects = Path(world.objects.removeprefix("file://"))
    away = objects.with_name("away")
    async with world.back_office(), worker_process(world.process_env, tmp_path, REAL):
        objects.rename(away)
        filing = asyncio.create_task(FilingClient(world.temporal, patience=120).submit(submission))
        handle = world.temporal.get_workflow_handle(f"filing:{of(submission)}")
        await eventually(lambda: _failed_looks(handle), lambda tries: tries > 1)
        assert not filing.done()
        away.rename(objects)
        await Play(world, submission, (await filing).code).at(Stage.CLOSED)


async def _failed_looks(handle: WorkflowHandle[Any, Any]) -> int:
    """Returns the number of attempts of the filing's pending activity; 0 before the filing starts."""
    try:
        described = await handle.describe()
    except RPCError as error:
        assert error.status is RPCStatusCode.NOT_FOUND  # noqa: PT017 -- not started yet
        return 0
    return max((one.attempt for one in described.raw_description.pending_activities), default=0)
