"""Real time limits, days and weeks of them, on virtual time: one Java test server for each test."""

from __future__ import annotations

import shutil
import sysconfig
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from deploy.catalogue import publish
from motcua import (
    Actor,
    Channel,
    RequestSupplement,
    Role,
    Status,
    Submission,
    SupplementItem,
    TargetKind,
    Via,
    filing_id,
)
from motcua.converter import data_converter
from motcua.testing import submission
from tests.conftest import ROOT, World

DESK = Via(principal="desk", channel=Channel.COUNTER)
RECEPTION = Actor(subject="h56.30-reception-1", role=Role.RECEPTION, agency="H56.30")


@pytest.fixture
async def skipping(world: World) -> AsyncIterator[tuple[World, WorkflowEnvironment]]:
    """A world on virtual time, with a platform worker and the real version of a procedure."""
    server = shutil.which("temporal-test-server", path=sysconfig.get_path("scripts"))
    assert server is not None, "temporal-test-server is missing; run: make setup"
    await publish(world.owner_dsn, ROOT / "procedures" / "2.000635@2026-07.yaml")
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=server, data_converter=data_converter
    ) as env:
        virtual = replace(world, temporal=env.client, namespace=env.client.namespace)
        async with virtual.platform():
            yield virtual, env


async def kinds(world: World) -> list[str]:
    """All events, in order."""
    async with world.connection() as connection:
        return [row["kind"] for row in await connection.fetch("select kind from event order by stream, seq")]


def waiting() -> Submission:
    """A filing at level 3 that waits at intake."""
    return submission(
        procedure="2.000635",
        version="2026-07",
        form={"kind": "birth", "person_name": "Nguyễn Thị Bình Minh", "copies": 2},
        papers=[],
        result_channel="counter",
    )


async def test_an_intake_that_nobody_takes_up_is_overdue_once(
    skipping: tuple[World, WorkflowEnvironment],
) -> None:
    world, env = skipping
    await world.client.submit(waiting())
    await env.sleep(timedelta(hours=7, minutes=58))
    assert await kinds(world) == ["submitted"]

    await env.sleep(timedelta(days=60))

    assert await kinds(world) == ["submitted", "overdue"]


async def test_a_supplement_that_never_comes_ends_the_filing_on_its_day(
    skipping: tuple[World, WorkflowEnvironment],
) -> None:
    world, env = skipping
    sent = waiting()
    await world.client.submit(sent)
    filing = filing_id(sent.client_id, sent.submission_id)
    item = SupplementItem(target=TargetKind.FIELD, code="registered_on", note="Cần ngày đăng ký")
    ask = RequestSupplement(command_id="ask", actor=RECEPTION, via=DESK, items=(item,), legal_basis="NĐ 61/2018")
    await world.client.act(filing, ask)
    due = (await world.client.view(filing)).timers[0].due

    await env.sleep(due - await env.get_current_time() - timedelta(minutes=1))
    assert await kinds(world) == ["submitted", "supplement_requested"]
    await env.sleep(timedelta(minutes=2))

    assert await kinds(world) == ["submitted", "supplement_requested", "supplement_expired"]
    assert (await world.client.view(filing)).status is Status.NOT_ACCEPTED
