"""What worker and back office serve to Prometheus: the ledger's numbers and Temporal's, of nobody in particular."""

from __future__ import annotations

import re
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import httpx
import psutil
import pytest

from deploy.stack import Stack
from motcua import NotAuthorised
from schemas.filing import commands as cm
from schemas.people import Role
from tests.acting import Play, birth, eventually, extract
from tests.conftest import ROOT, World, publish_demo, world_of
from tests.faults.processes import worker_process

PAGE: Final = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8").partition("\n## Metrics\n")[2]
BUGGY: Final = [sys.executable, "-m", "tests.faults.buggy_worker"]
STALLED: Final = "temporal_workflow_task_execution_failed"
SAMPLE: Final = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
LABEL: Final = re.compile(r'(\w+)="([^"]*)"')

Sample = tuple[str, dict[str, str], float]


def samples(page: str) -> list[Sample]:
    """Name, labels and value of each."""
    return [(name, dict(LABEL.findall(labels)), float(value)) for name, labels, value in SAMPLE.findall(page)]


def counted(found: list[Sample], name: str, **labels: str) -> float:
    """What all counters of this name count that have these labels."""
    return sum(value for one, its, value in found if one == name and labels.items() <= its.items())


def listening(pid: int | None) -> set[int]:
    """The ports on which a process listens."""
    open_ones: list[Any] = psutil.Process(pid).net_connections()
    return {one.laddr.port for one in open_ones if one.status == psutil.CONN_LISTEN}


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's: PostgreSQL may run as another user, who can't pass there."""
    with tempfile.TemporaryDirectory(prefix="motcua-") as name:
        yield Path(name).resolve()


async def lived(world: World) -> list[Play]:
    """A filing over whose end the worker trips, one refused a command and taken over, one to be paid."""
    plays = [await Play.begin(world, birth()), await Play.begin(world, extract()), await Play.begin(world, extract())]
    stranger = plays[1].officer(Role.RECEPTION).model_copy(update={"subject": "stranger"})
    with pytest.raises(NotAuthorised):
        await plays[1].act(cm.Accept, stranger)
    async with world.connection() as connection:
        await connection.execute("update stream set epoch = epoch + 1 where filing_id = $1", plays[1].filing)
    await plays[1].accept()
    await plays[2].accept()
    await eventually(lambda: plays[2].kinds("payment", 1), lambda kinds: "payment_ordered" in kinds)
    return plays


async def served(env: Mapping[str, str], part: str) -> str:
    async with httpx.AsyncClient() as prometheus:
        return (await prometheus.get(env[f"MOTCUA_{part}_METRICS_URL"])).raise_for_status().text


async def test_the_stack_serves_what_the_page_names_and_no_id(folder: Path) -> None:
    async with Stack(folder, commands={"worker": BUGGY}) as stack:
        await publish_demo(stack.env)
        plays = await lived(await world_of(stack.env, folder))
        page = await eventually(lambda: served(stack.env, "WORKER"), lambda page: STALLED in page)
        office = samples(await served(stack.env, "BACK_OFFICE"))
        assert listening(stack.pid("worker")) == {httpx.URL(stack.env["MOTCUA_WORKER_METRICS_URL"]).port}
    found = samples(page)

    assert counted(found, "motcua_ledger_appends_total", kind="filing") >= len(plays)
    assert counted(found, "motcua_ledger_refusals_total", kind="filing", code="not_authorised") == 1
    assert counted(found, "motcua_ledger_conflicts_total", kind="filing") == 1
    assert counted(found, "motcua_taken_over_total", kind="filing") == 1
    assert counted(found, "motcua_ledger_append_milliseconds_count", kind="filing") >= len(plays) + 1
    assert counted(found, STALLED, workflow_type="Filing", failure_reason="WorkflowError") >= 1
    assert counted(office, "temporal_activity_execution_latency_count", activity_type="backoffice.check") == 1

    told = set(re.findall(r"`((?:motcua|temporal)_[a-z_]+)", PAGE.partition("\n## ")[0]))
    assert STALLED in told
    assert told <= set(re.findall(r"^# TYPE (\w+)", page, re.MULTILINE))
    ours = {label for name, labels, _ in found if name.startswith("motcua_") for label in labels}
    assert ours == {"kind", "code", "le", "service_name"}
    values = {value for _, its, _ in (*found, *office) for label, value in its.items() if label != "le"}
    private = [word for play in plays for word in (str(play.filing), str(play.code), play.submission.submission_id)]
    assert not [value for value in values if any(word in value for word in (*private, "stranger"))]
    assert not [value for value in values if re.search(r"[0-9a-f]{8}-|\d{6}|:", value)]


async def test_unset_nothing_is_served_and_a_port_that_is_taken_stops_nobody(world: World, tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    async with worker_process(world.process_env, tmp_path) as worker:
        assert listening(worker._process.pid) == set()
    assert "metrics" not in log.read_text()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        async with worker_process(world.process_env | {"MOTCUA_METRICS": address}, tmp_path):
            await Play.begin(world, birth())
    assert re.search(rf'"reason": "{address}: .*Address already in use.*"event": "metrics.not_served"', log.read_text())
