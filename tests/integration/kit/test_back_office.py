"""An agency's back office in another process and folder is stopped, restarted, and gives wrong answers."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest
from obstore.store import from_url
from temporalio import activity
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from motcua.files.store import Store
from sandbox.presigned import signed_file
from schemas.files import FileRef
from schemas.filing.state import Stage, Status
from schemas.translate import said
from tests.acting import Play, birth, eventually, stock
from tests.conftest import ROOT, World
from tests.forked import forked
from tests.printed import raw_text
from tests.walking import walked
from tests.workflow.results import signers

OFFICE: Final = "H29.16"
PAGE: Final = (ROOT / "docs" / "agencies.md").read_text()
COMMAND: Final = (str(Path(sys.executable).with_name("motcua")), "back-office", "--agency", OFFICE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Returns the agency's folder with the page's files; one package and one module in it have names of ours."""
    agency = tmp_path / "agency"
    for block in re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        file = agency / block.splitlines()[0].removeprefix("# ")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block)
    (agency / "workflows" / "__init__.py").touch()
    (agency / "schemas.py").write_text("raise RuntimeError('this is not the one you are looking for')\n")
    return agency


def own(folder: Path, world: World) -> dict[str, str]:
    settings = {key: world.process_env[key] for key in ("TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "MOTCUA_OBJECTS")}
    return settings | {"PATH": os.environ["PATH"], "HOME": str(folder), "MOTCUA_READY_FILE": str(folder / "ready")}


async def start(folder: Path, world: World, *words: str) -> Process:
    """Starts the agency's command in its folder, with its output in `log`."""
    with (folder / "log").open("wb") as log:
        return await asyncio.create_subprocess_exec(*words, cwd=folder, env=own(folder, world), stdout=log, stderr=log)


@asynccontextmanager
async def office(folder: Path, world: World, name: str = "land_office:LandOffice") -> AsyncIterator[Process]:
    """Runs the agency's process until the end of the block, where it must end normally unless it was killed."""
    ready = folder / "ready"
    ready.unlink(missing_ok=True)
    process = await start(folder, world, *COMMAND, name)
    try:
        await eventually(lambda: asyncio.to_thread(ready.exists), lambda there: there or process.returncode is not None)
        assert process.returncode is None
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
            process.terminate()
        assert await process.wait() in {0, -signal.SIGKILL}


async def both(world: World) -> tuple[Play, Play]:
    """Returns a filing at the agency whose back office is down, and a filing elsewhere, which has ended."""
    waiting = await Play.begin(world, birth(agency=OFFICE))
    other = await Play.begin(world, birth())
    await other.at(Stage.CLOSED)
    assert (await waiting.view()).stage is Stage.INTAKE
    return waiting, other


async def test_while_a_back_office_is_killed_or_frozen_its_agency_waits_and_another_finishes(
    running: World, folder: Path
) -> None:
    """Afterwards the agency makes its own document, in its own process, and its officers sign it."""
    here = json.dumps([one | {"officer": one["officer"].replace("h56.30", "h29.16")} for one in signers()[1:]])
    await running.execute("update agency set signing = $2 where agency = $1", OFFICE, here)
    async with office(folder, running) as process:
        process.kill()
        await process.wait()
        waiting, _ = await both(running)
    async with office(folder, running) as process:
        view = await waiting.at(Stage.CLOSED)
        process.send_signal(signal.SIGSTOP)
        frozen, _ = await both(running)
        process.send_signal(signal.SIGCONT)
        assert [view.status, (await frozen.at(Stage.CLOSED)).status] == [Status.RETURNED] * 2
    result = (await running.client.result(waiting.filing)).result
    said = raw_text(await Store(from_url(running.objects)).get(result), "Mã hồ sơ: \\S+ +Trang số")
    assert "Đã đăng ký khai sinh cho trẻ Nguyễn Thị Bình Minh." in said
    assert f"Số: {OFFICE}-2026-K" in said


async def test_an_agency_is_refused_that_nobody_knows_and_told_that_its_work_goes_elsewhere(
    running: World, folder: Path
) -> None:
    unknown = await start(folder, running, *COMMAND[:-1], "H99")
    assert await asyncio.wait_for(unknown.wait(), 30) == 1
    assert said("no_work_of_agency", agency="H99").vi in (folder / "log").read_text()
    assert not (folder / "ready").exists()
    elsewhere = await start(folder, running, *COMMAND[:-1], "H01.12")
    log = folder / "log"
    lines = await eventually(lambda: asyncio.to_thread(log.read_text), lambda text: "backoffice.ready" in text)
    elsewhere.terminate()
    assert await asyncio.wait_for(elsewhere.wait(), 10) == 0
    assert "backoffice.no_work_comes agency=H01.12 queue=agency.H01.12 reason=backoffice" in lines


async def checked(folder: Path, world: World, *words: str) -> tuple[int, str]:
    """Returns the exit code of `--check`, and its output on one line."""
    process = await start(folder, world, *COMMAND[:2], "--check", *words)
    return await asyncio.wait_for(process.wait(), 30), " ".join((folder / "log").read_text().split())


async def test_an_office_is_looked_at_before_it_serves(running: World, folder: Path) -> None:
    code, said = await checked(folder, running, "--agency", OFFICE, "land_office:LandOffice")
    assert code == 0, said
    for words in ("land_office:LandOffice: check, issue", "ghi và đọc được", "Bến Sông", f"agency.{OFFICE}: 0"):
        assert words in said
    assert not (folder / "ready").exists()

    elsewhere = "việc của H01.12 được chuyển vào hàng đợi backoffice, không vào agency.H01.12"
    for agency, why in (("H01.12", elsewhere), ("H99", "không có cơ quan này H99")):
        code, said = await checked(folder, running, "--agency", agency)
        assert (code, why in said) == (1, True), said
    probes = Path(running.objects.removeprefix("file://")) / "checks"
    shutil.rmtree(probes)
    probes.write_text("in the way of a folder")
    code, said = await checked(folder, running)
    assert (code, "không ghi được hoặc không đọc được" in said) == (1, True)


@walked(
    ("body", "why"),
    [
        ("def check(self): return True", "check takes one argument"),
        ("async def issue(self, request, more): return b''", "issue takes one argument"),
        ("async def issue(self, request): yield b''", "issue yields"),
        ("check = True", "check is no method"),
        ("def __init__(self): self.book = {}['deeds']", "Office() fails: KeyError"),
        ("raise OSError('no registry')", "can't be imported: OSError: no registry"),
    ],
    exactly=6,
)
async def test_hooks_that_can_never_work_are_named(world: World, folder: Path, body: str, why: str) -> None:
    (folder / "office.py").write_text(f"from motcua import BackOffice\nclass Office(BackOffice):\n    {body}\n")
    words = ("back-office", "--lang", "en", "--check", "office:Office")
    process = forked("motcua.command", *words, cwd=folder, env=own(folder, world), stderr=asyncio.subprocess.PIPE)
    _, said = await asyncio.wait_for(process.communicate(), 30)
    assert (process.returncode, why in " ".join(said.decode().split()), "🏢" in said.decode()) == (2, True, False)


class Foreign:
    """A back office that works without the kit, with plain data; `answer` makes its answer about a result."""

    def __init__(self, answer: Callable[[dict[str, Any]], Any]) -> None:
        self.answer = answer

    @activity.defn(name="backoffice.check")
    async def check(self, request: dict[str, Any]) -> Any:  # noqa: ARG002 -- it is content with everything
        return {"complete": True}

    @activity.defn(name="backoffice.issue")
    async def issue(self, request: dict[str, Any]) -> Any:
        return self.answer(request)


@asynccontextmanager
async def foreign(world: World, made: Foreign) -> AsyncIterator[None]:
    async with Worker(await stock(world), task_queue="backoffice", activities=[made.check, made.issue]):
        yield


async def history(play: Play) -> list[EventType.ValueType]:
    fetched = await play.world.temporal.get_workflow_handle(f"filing:{play.filing}").fetch_history()
    return [event.event_type for event in fetched.events]


async def rests(play: Play) -> bool:
    """Returns whether the last answer was useless, so that the workflow now waits before the next request."""
    ended = {EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED, EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED}
    happened = await history(play)
    since = happened[max((n for n, kind in enumerate(happened) if kind in ended), default=len(happened)) :]
    return EventType.EVENT_TYPE_TIMER_STARTED in since and EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED not in since


MARKED: Final = {
    kind: RawValue(Payload(metadata={"encoding": b"json/plain", mark: b"true"}, data=b"{}"))
    for kind, mark in {
        "stored elsewhere": "__temporal_external_storage_reference",
        "a message of the SDK's own": "__temporal_system_payload",
    }.items()
}
"""Payloads that the SDK would interpret itself, so that their task would fail."""

UNFIT: Final[dict[str, Any]] = {
    "no answer": ["not", "an", "answer"],
    "nothing": None,
    "no result": {"complete": True},
    "outside": {"result": {"key": "results/../../secret", "sha256": "0" * 64, "size": 1}},
    **MARKED,
}

FINAL: Final[dict[str, Sequence[Any]]] = {"final": [], "final, and marked": list(MARKED.values())}
"""The details in each kind of final failure."""


async def test_a_filing_rests_until_its_back_office_gives_the_very_file(world: World) -> None:
    store, own = Store(from_url(world.objects)), dict[str, FileRef]()
    others = (await store.put(uuid4(), b"%PDF-1.7", "application/pdf")).model_dump(mode="json")
    wrong: dict[str, Any] = {
        "another filing's": {"result": others},
        "absent": {"result": others | {"key": "results/absent"}},
        "a folder": {"result": others | {"key": "files"}},
        "other bytes": {"result": others | {"sha256": "0" * 64}},
        "cut short": {"result": others | {"size": others["size"] + 1}},
        **UNFIT,
    }

    def answer(request: dict[str, Any]) -> Any:
        name = request["dossier"]["form"]["child_name"]
        if (file := own.get(request["dossier"]["filing_id"])) is not None:
            return {"result": file.model_dump(mode="json")}
        if name in FINAL:
            raise ApplicationError("never again", *FINAL[name], non_retryable=True)
        return wrong[name]

    signed = await signed_file(world.env)
    async with world.platform(), foreign(world, Foreign(answer)):
        form = dict(birth().form)
        plays = [await Play.begin(world, birth(form=form | {"child_name": name})) for name in (*FINAL, *wrong)]
        for play in plays:
            await eventually(partial(rests, play), bool)
            view = await play.view()
            assert (view.stage, view.status, view.result) == (Stage.ISSUE, Status.PROCESSING, None)
            assert EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED not in await history(play)
        for play in plays:
            own[str(play.filing)] = await store.put(play.filing, signed, "application/pdf")
        for play in plays:
            assert (await play.at(Stage.CLOSED)).result == own[str(play.filing)]
            assert (await play.kinds()).count("result_issued") == 1
