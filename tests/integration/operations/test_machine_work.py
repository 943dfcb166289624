"""An agency's back office that fails is reported: in the filing, among the stalled filings, by the doctor."""

import os
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.workflowservice.v1 import ListWorkersRequest
from temporalio.exceptions import ApplicationError
from temporalio.worker import Replayer

from motcua import Document, IssueRequest
from motcua.payloads.converter import data_converter
from schemas.filing.state import Stage
from tests.acting import Play, birth, eventually, extract
from tests.conftest import Signed, World
from tests.forked import forked
from tests.integration.operations.doctor import Doctor
from tests.shell import Shell
from workers.wiring import WORKFLOWS
from workflows.agency import TOLD_AFTER

SECRET = "Nguyễn Thị Bình Minh has no book"
OFFICE = "H29.16"


class Failing(Signed):
    """A back office that finds each dossier complete, but whose results fail as long as `error` is set."""

    def __init__(self, error: Callable[[], Exception]) -> None:
        self.error: Callable[[], Exception] | None = error

    async def issue(self, request: IssueRequest) -> bytes | Document:
        if self.error is not None:
            raise self.error()
        return await super().issue(request)


async def shown(shell: Shell, play: Play) -> list[dict[str, Any]]:
    ended = await shell("show", str(play.filing), "--json")
    assert SECRET not in ended.out
    found: list[dict[str, Any]] = ended.json["machine_work"]
    return found


async def doctors(shell: Shell, check: str) -> list[tuple[str, str]]:
    told = await Doctor(shell.env)()
    assert SECRET not in told.text
    return told.of(check)


async def test_a_hook_that_keeps_failing_is_told_until_it_is_mended(
    world: World, shell: Shell, caplog: pytest.LogCaptureFixture
) -> None:
    office = Failing(lambda: LookupError(SECRET))
    async with world.platform(), world.back_office(office):
        play = await Play.begin(world, birth())
        [work] = await eventually(lambda: shown(shell, play), lambda found: bool(found) and found[0]["attempts"] > 1)
        assert work["work"] == "issue"
        by = {record.name for record in caplog.records if record.levelname == "WARNING"}
        assert ("motcua.backoffice" in by, "temporalio.activity" in by) == (True, False), "one line a failure"
        assert re.fullmatch(r"LookupError at operations/test_machine_work\.py:\d+ in issue", work["error"])
        since, again = (work[when] and datetime.fromisoformat(work[when]) for when in ("since", "next_try"))
        assert again is None or again > since

        code = (await play.view()).code
        [row] = (await shell("filings", "stalled", "--json")).json
        assert (row["code"], row["cause"], row["workflow_id"]) == (code, "backoffice.issue", f"filing:{play.filing}")
        assert row["error"] == work["error"]
        table = (await shell("filings", "stalled")).out
        assert ("LookupError at" in table, SECRET in table) == (True, False)

        [(health, words)] = await doctors(shell, "machine_work")
        assert (health, words.startswith(f"{code} (H56.30): issue: ")) == ("warn", True)
        said = await shell("doctor", "--only", "warn")
        assert said.out.splitlines()[-1].endswith("filings that wait for a failing back office: 1 (H56.30: 1)")
        assert {line.split()[0] for line in said.out.splitlines()[1:-1]} <= {"warn", "fail"}
        assert (await shell("filing", code, "--json")).json["machine_work"][0]["error"] == work["error"]
        for look in (("filing", code), ("show", str(play.filing))):
            assert "LookupError at" in (await shell(*look)).out

        office.error = None
        await eventually(play.view, lambda view: view.stage is Stage.CLOSED, within=40)
        assert await shown(shell, play) == []
        assert (await shell("filings", "stalled", "--json")).json == []
        assert await doctors(shell, "machine_work") == [("ok", "none fails")]


async def in_the_queue(shell: Shell) -> list[str]:
    return [row["name"] for row in (await shell("tasks", "--role", "team_lead", "--json")).json]


async def test_after_ten_tries_the_team_lead_has_it_until_it_is_answered(world: World, shell: Shell) -> None:
    at_once = timedelta(milliseconds=1)
    office = Failing(lambda: ApplicationError(SECRET, type="RegistryDown", next_retry_delay=at_once))
    async with world.platform(), world.back_office(office):
        play = await Play.begin(world, birth())
        assert await eventually(lambda: in_the_queue(shell), bool) == ["machine_work:issue"]
        [work] = await shown(shell, play)
        assert work["attempts"] >= TOLD_AFTER
        logged = await shell("events", str(play.filing), "--json")
        assert SECRET not in logged.out
        [told] = [event for event in logged.json if event["kind"] == "machine_work_failing"]
        assert told["body"] == {"work": "issue", "tries": TOLD_AFTER, "error": "RegistryDown"}
        office.error = None
        await eventually(play.view, lambda view: view.stage is Stage.CLOSED)
        assert await in_the_queue(shell) == []
    kinds = await play.kinds()
    assert kinds.count("machine_work_failing") == kinds.count("machine_work_answered") == 1
    history = await world.temporal.get_workflow_handle(f"filing:{play.filing}").fetch_history()
    await Replayer(workflows=WORKFLOWS, data_converter=data_converter).replay_workflow(history)
    assert set((await shell("ledger", "rebuild", "--json")).json["changed"].values()) == {0}


async def test_work_that_nobody_takes_has_no_tries(world: World, shell: Shell) -> None:
    async with world.platform():
        play = await Play.begin(world, birth(agency=OFFICE))
        [work] = await shown(shell, play)
        assert (work["work"], work["attempts"], work["error"]) == ("check", 0, None)
        assert "nobody has taken it" in (await shell("show", str(play.filing))).out
        assert await shown(shell, await Play.begin(world, extract())) == []


async def health_of_office(shell: Shell) -> str:
    [health] = [health for health, words in await doctors(shell, "pollers") if words.startswith(f"agency.{OFFICE}")]
    return health


async def has_told_twice(world: World) -> bool:
    """Returns whether the office has sent a second heartbeat, since the first one states no interval."""
    found = await world.temporal.workflow_service.list_workers(ListWorkersRequest(namespace=world.namespace))
    signs = [info.worker_heartbeat for info in found.workers_info]
    return any(sign.task_queue == f"agency.{OFFICE}" and sign.elapsed_since_last_heartbeat.seconds for sign in signs)


async def test_a_killed_office_is_named_within_20_seconds(world: World, shell: Shell, tmp_path: Path) -> None:
    async with world.platform():
        own = {**os.environ, **world.process_env}
        office = forked("motcua.command", "back-office", "--agency", OFFICE, env=own, cwd=tmp_path)
        try:
            await eventually(lambda: has_told_twice(world), bool)
            assert await health_of_office(shell) == "ok"
        finally:
            office.kill()
            await office.wait()
        await eventually(lambda: health_of_office(shell), lambda found: found == "warn", within=20)
