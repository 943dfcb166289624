"""Real time limits of days and weeks on virtual time; each test has its own Java test server."""

import json
import shutil
import sysconfig
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
import yaml
from temporalio.api.testservice.v1 import LockTimeSkippingRequest, SleepRequest, UnlockTimeSkippingRequest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from motcua.payloads.converter import data_converter
from publishing.authoring.calendars import publish_calendar
from publishing.authoring.procedures import publish
from rules.time.working_time import VIETNAM
from schemas.filing.commands import AdoptCalendar
from schemas.filing.state import ClockState
from schemas.filing.submission import Submission
from schemas.ids import filing_workflow
from tests.acting import CHILD, FILE, Play, birth, eventually
from tests.any_files import any_file_activities
from tests.conftest import ROOT, World
from workers.wiring import platform_worker

LAND: Final = "1.013833"
"""Registration of a change of land rights: ten working days, and a wait for the tax."""
CALENDAR: Final[dict[str, Any]] = {
    "code": "vn",
    "version": "2030.1",
    "valid_from": "2030-01-01",
    "valid_until": "2031-12-31",
    "overlays": [
        {
            "days": [
                {"date": "2030-04-12", "kind": "off", "source": "BLLĐ Đ112: Giỗ Tổ, 10/3 âm lịch"},
                {"date": "2030-04-30", "kind": "off", "source": "BLLĐ Đ112: Ngày Chiến thắng"},
                {"date": "2030-05-01", "kind": "off", "source": "BLLĐ Đ112: Ngày Quốc tế lao động"},
                {"date": "2030-09-02", "kind": "off", "source": "BLLĐ Đ112"},
            ]
        }
    ],
}
"""The calendar of these tests: Mon-Fri 07:00-11:30 and 13:30-17:00, 480 minutes a day, with the relevant holidays."""
BEGIN: Final = "2030-03-04 09:00"
"""The moment, on a Monday, at which every test begins."""
NEWBORN: Final = {
    name: "2030-02-20" if name == "child_birth_date" else value
    for name, value in CHILD.items()
    if name not in {"residence", "clinic"}
}
"""The form of a child born shortly before the registration."""


def another(version: str, *days: dict[str, str]) -> bytes:
    """Returns `CALENDAR` as a file of this version, with more national days."""
    overlays = [*CALENDAR["overlays"], *([{"days": [*days]}] if days else [])]
    return yaml.safe_dump(CALENDAR | {"version": version, "overlays": overlays}).encode()


def instant(local: str) -> datetime:
    """Returns the instant of a local time in Vietnam, such as `2030-03-04 09:00`."""
    return datetime.fromisoformat(local).replace(tzinfo=VIETNAM)


def local(at: datetime) -> str:
    """Returns an instant as local time in Vietnam, to the minute."""
    return f"{at.astimezone(VIETNAM):%Y-%m-%d %H:%M}"


def land(**overrides: Any) -> Submission:
    """Returns the submission of a buyer of land about the sale; the buyer collects the certificate."""
    papers = [{"code": code, "file": FILE} for code in ("application", "certificate", "contract", "tax_declaration")]
    form = {"plot": "Thửa 12, tờ 3, xã Hoằng Sơn", "change": "sale", "price": 900}
    fields: dict[str, Any] = {"procedure": LAND, "form": form, "papers": papers, "result_channel": "counter"}
    fields["agency"] = "H01.40"
    return birth(**fields | {"version": "2026-12"} | overrides)


@dataclass(frozen=True)
class Virtual:
    """A world in which time passes only during acts, and jumps forward on request."""

    world: World
    env: WorkflowEnvironment

    async def until(self, when: str) -> None:
        """Lets time pass until this minute in Vietnam's time. Fails if the minute is in the past.

        The server answers once all work until then is done, which takes minutes on a slow machine.
        """
        rest = instant(when) - await self.env.get_current_time()
        assert rest > timedelta(), f"{when} has passed"
        leap = SleepRequest()
        leap.duration.FromTimedelta(rest)
        await self.env.client.test_service.unlock_time_skipping_with_sleep(leap, timeout=timedelta(minutes=5))

    @asynccontextmanager
    async def platform(self) -> AsyncIterator[None]:
        """Runs a platform worker that may be stopped for long.

        The worker caches no workflows, since this server never moves a task away from a stopped worker that caches one.
        """
        settings = self.world.settings
        async with (
            any_file_activities(settings) as functions,
            platform_worker(self.world.temporal, functions, settings, max_cached_workflows=0),
        ):
            yield

    async def until_without_worker(self, rings: str, when: str) -> None:
        """Lets time pass until `when`, although a timer due at `rings` waits for a worker and blocks time skipping."""
        service = self.env.client.test_service
        await service.unlock_time_skipping(UnlockTimeSkippingRequest())
        await eventually(self.env.get_current_time, lambda now: now >= instant(rings))
        await self.until(when)
        await service.lock_time_skipping(LockTimeSkippingRequest())

    async def adopt(self, play: Play, calendar: bytes) -> None:
        published = await publish_calendar(self.world.owner_dsn, calendar)
        handle = self.world.temporal.get_workflow_handle(filing_workflow(play.filing))
        await handle.execute_update("adopt_calendar", AdoptCalendar(calendar=published.name))

    async def recorded_events(self) -> list[tuple[str, str]]:
        """Returns every event after the submission: its minute in Vietnam, and its kind with its clock, if any."""
        rows = await self.world.fetch(
            "select occurred_at, kind, convert_from(body, 'utf8') as body from event where stream like 'filing:%'"
            " and seq > 1 order by stream, seq"
        )
        return [(local(row["occurred_at"]), _named(row["kind"], json.loads(row["body"]))) for row in rows]

    async def clocks(self, play: Play) -> list[ClockState]:
        return await self.world.client.clocks(play.filing)


def _named(kind: str, body: dict[str, Any]) -> str:
    return f"{kind} {body['clock']}" if "clock" in body else kind


@pytest.fixture
async def virtual(world: World) -> AsyncIterator[Virtual]:
    """A world on virtual time that starts at `BEGIN`, without workers; the procedures have their real versions."""
    server = shutil.which("temporal-test-server", path=sysconfig.get_path("scripts"))
    assert server is not None, "temporal-test-server is missing; run: make setup"
    await publish_calendar(world.owner_dsn, yaml.safe_dump(CALENDAR).encode())
    for code in (LAND, "2.000635"):
        await publish(world.owner_dsn, ROOT / "procedures" / f"{code}@2026-12.yaml")
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=server, data_converter=data_converter
    ) as env:
        # Not the environment's own client: it lets time leap during each wait for a result, and every query is one.
        address = env.client.service_client.config.target_host
        temporal = await Client.connect(address, namespace=env.client.namespace, data_converter=data_converter)
        made = Virtual(replace(world, temporal=temporal, namespace=temporal.namespace), env)
        await made.until(BEGIN)
        yield made
