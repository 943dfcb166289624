"""The life of a process: its addresses, its database sessions, its logs, its build, and its hooks."""

import asyncio
import io
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest
import structlog
from pydantic import ValidationError
from temporalio.exceptions import ApplicationError

from activities.ledger.database import mask_database_errors, transaction
from console.database import is_away, stack_beside, while_away
from console.home import Home
from motcua.cli.running import use_stack_here
from motcua.office.hooks import BLOCKS, Hooks
from motcua.payloads.key_ring import RingError, read_ring
from operations.doctor.check import Surroundings
from operations.schema_version import MIGRATIONS
from rules.streams import PAYMENT
from schemas.people import Actor, Role
from tests.conftest import ROOT
from views.log import opened
from workers import telemetry
from workers.build import CODE, LOCK, build_of
from workers.settings import ProcessSettings
from workers.telemetry import configure_logging

STACK: Final = {
    "TEMPORAL_ADDRESS": "127.0.0.1:1",
    "TEMPORAL_NAMESPACE": "stack-s",
    "MOTCUA_DATABASE_URL": "postgresql://stack",
    "MOTCUA_BANK_URL": "http://stack",
    "MOTCUA_OBJECTS": "file:///stack",
}
OWN: Final = {"TEMPORAL_ADDRESS": "elsewhere:7233", "MOTCUA_BANK_URL": "http://own"}


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the folder of a running stack the current folder, and removes all settings from the environment."""
    for name in [name for name in os.environ if name.startswith(("TEMPORAL_", "MOTCUA_"))]:
        monkeypatch.delenv(name)
    for name in STACK:  # so that what is set below is taken away again
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    (tmp_path / ".motcua" / "run").mkdir(parents=True)
    (tmp_path / ".motcua" / "run" / "env").write_text("".join(f"{key}={value}\n" for key, value in STACK.items()))
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("beside")
def test_with_nothing_set_all_is_the_stacks() -> None:
    assert stack_beside() == STACK
    assert Surroundings.here().settings == STACK
    assert os.environ["TEMPORAL_NAMESPACE"] == "stack-s"


@pytest.mark.usefixtures("beside")
def test_a_shell_reads_the_file_too() -> None:
    said = STACK | {"MOTCUA_PROVIDERS": """{"bank": {"secret": "a 'b' $c"}}""", "MOTCUA_CLAMD": "/a folder/x"}
    Home(Path(".motcua")).write_env(said)
    shell = "set -a; . .motcua/run/env; exec env -0"
    told = subprocess.run(("/bin/sh", "-c", shell), env={}, capture_output=True, text=True, check=True).stdout
    assert said.items() <= dict(line.split("=", 1) for line in told.split("\0") if line).items()
    assert stack_beside() == said


SPEAKS: Final = {"MOTCUA_IDENTITY_PRINCIPAL": "stack", "MOTCUA_IDENTITY_KEY_FILE": "/stack/key.pem"}


@pytest.mark.usefixtures("beside")
@pytest.mark.parametrize(
    ("own", "principal"),
    [
        ({}, "stack"),
        ({"MOTCUA_IDENTITY_ACR": "2"}, "stack"),
        ({"TEMPORAL_ADDRESS": "elsewhere:7233"}, None),
        ({"MOTCUA_IDENTITY_PRINCIPAL": "own"}, "own"),
        ({"MOTCUA_IDENTITY_KEY": "pem"}, None),
    ],
)
def test_who_speaks_at_the_stack_speaks_nowhere_else_and_with_no_key_of_anothers(
    monkeypatch: pytest.MonkeyPatch, own: dict[str, str], principal: str | None
) -> None:
    Home(Path(".motcua")).write_env(STACK | SPEAKS)
    for name in SPEAKS:  # so that what is taken is taken away again
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    taken = principal == "stack"
    assert (SPEAKS.keys() & stack_beside().keys()) == (SPEAKS.keys() if taken else set())
    use_stack_here()
    assert os.environ.get("MOTCUA_IDENTITY_PRINCIPAL") == principal
    assert ("MOTCUA_IDENTITY_KEY_FILE" in os.environ) is taken


@pytest.mark.usefixtures("beside")
def test_a_temporal_of_ones_own_takes_all_the_rest_from_the_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in OWN.items():
        monkeypatch.setenv(name, value)
    rest = {name: value for name, value in STACK.items() if not name.startswith("TEMPORAL_")}
    assert stack_beside() == rest
    around = Surroundings.here()
    assert (around.settings, around.sources["MOTCUA_DATABASE_URL"]) == (rest | OWN, ".motcua/run/env")
    use_stack_here()
    assert os.environ["MOTCUA_OBJECTS"] == "file:///stack"
    assert "TEMPORAL_NAMESPACE" not in os.environ


# How activities reach PostgreSQL: what a transaction says to it, and what of its errors is told.


class Connection:
    """A database connection that records its statements, and is closed by the statement `closes_at`."""

    def __init__(self, *, closes_at: str = "") -> None:
        self.told: list[str] = []
        self._closes_at = closes_at

    async def execute(self, statement: str) -> None:
        self.told.append(statement)
        if statement == self._closes_at:
            raise ConnectionResetError

    def is_closed(self) -> bool:
        return self._closes_at in self.told


async def test_a_transaction_is_committed_or_rolled_back_and_what_went_wrong_is_raised() -> None:
    connection: Any = Connection()
    async with transaction(connection, "lock", "look"):
        connection.told.append("work")
    assert connection.told == ["begin; lock; look", "work", "commit"]
    connection = Connection()
    with pytest.raises(KeyboardInterrupt):
        async with transaction(connection):
            raise KeyboardInterrupt
    assert connection.told == ["begin", "rollback"]
    connection = Connection(closes_at="commit")
    with pytest.raises(ConnectionResetError):
        async with transaction(connection):
            pass
    assert connection.told == ["begin", "commit"]


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.UniqueViolationError("Nguyễn Văn An"),
        asyncpg.InternalClientError("another operation is in progress"),
        OSError("gone"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_of_an_error_of_the_database_only_its_name_is_told(error: Exception) -> None:
    with pytest.raises(ApplicationError) as told, mask_database_errors():
        raise error
    assert told.value.message == f"the ledger could not be reached: {type(error).__name__}"
    assert (told.value.type, told.value.non_retryable, told.value.__cause__) == ("ledger_unavailable", False, None)
    assert told.value.__suppress_context__


async def test_what_was_begun_when_a_server_was_killed_is_begun_again() -> None:
    """asyncpg, the client, reports the lost connection as an internal error of its own."""
    tries = iter([asyncpg.InternalClientError("another operation is in progress"), None])

    async def work() -> str:
        if (error := next(tries)) is not None:
            raise error
        return "done"

    assert await while_away(work) == "done"
    assert is_away(asyncpg.InternalClientError("another operation is in progress"))


# Logs: one JSON object a line, only what is known to be harmless, of an error its kind and place alone; metrics.

NAME = "Nguyễn Thị CANARY"


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Yields a function that returns the lines logged so far, as JSON; then restores the earlier set-up of logging."""
    root = logging.getLogger()
    before, shown = (root.handlers[:], root.level, logging.raiseExceptions), warnings.showwarning
    ended = sys.excepthook
    configure_logging()
    said = io.StringIO()
    (handler,) = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(said)
    yield lambda: [json.loads(line) for line in said.getvalue().splitlines()]
    root.handlers, level, logging.raiseExceptions = before
    root.setLevel(level)
    warnings.showwarning = shown
    sys.excepthook = ended
    structlog.reset_defaults()


def broken() -> None:
    raise ValueError(NAME)


def test_a_line_is_json_with_its_time_and_level(lines: Callable[[], list[dict[str, Any]]]) -> None:
    structlog.stdlib.get_logger("motcua.test").info("filing.seen", filing_id="f-1")
    (line,) = lines()
    seen = (line["event"], line["level"], line["logger"], line["filing_id"])
    assert seen == ("filing.seen", "info", "motcua.test", "f-1")
    assert line["timestamp"].endswith("Z")


def test_what_nobody_has_allowed_is_left_out(lines: Callable[[], list[dict[str, Any]]]) -> None:
    structlog.stdlib.get_logger("motcua.test").warning("filing.seen", name=NAME, code="H01.12-1")
    logging.getLogger("library").warning("something", extra={"applicant": NAME, "code": "H01.12-2"})
    seen = [(line["event"], line["code"]) for line in lines()]
    assert seen == [("filing.seen", "H01.12-1"), ("something", "H01.12-2")]


def test_of_an_error_only_its_kind_and_place_are_said(lines: Callable[[], list[dict[str, Any]]]) -> None:
    try:
        broken()
    except ValueError:
        logging.getLogger("library").exception("failed")
    (line,) = lines()
    assert line["exception"].startswith("ValueError at ")
    assert "CANARY" not in json.dumps(line, ensure_ascii=False)


def test_a_line_of_each_attempt_is_said_once_a_second_and_counts_those_left_out(
    lines: Callable[[], list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = structlog.stdlib.get_logger("motcua.papers")
    for now in (10.0, 10.2, 10.9, 11.0, 12.5):
        monkeypatch.setattr(telemetry, "monotonic", lambda now=now: now)
        relay.warning("papers.no_record")
        relay.warning("papers.failed")
        away = ApplicationError("PostgreSQL", type="ledger_unavailable")
        logging.getLogger("temporalio.activity").warning("Completing activity as failed", exc_info=away)
    said = [(line["event"], line.get("left_out"), line.get("code")) for line in lines()]
    assert said.count(("papers.failed", None, None)) == 5
    assert [left for event, left, _ in said if event == "papers.no_record"] == [None, 2, None]
    failed = [(left, code) for event, left, code in said if event == "Completing activity as failed"]
    assert failed == [(None, "ledger_unavailable"), (2, "ledger_unavailable"), (None, "ledger_unavailable")]


def test_a_warning_of_python_is_a_line_with_its_kind_and_place(lines: Callable[[], list[dict[str, Any]]]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(NAME, stacklevel=1)
    (line,) = lines()
    assert line["reason"].startswith(f"UserWarning at {__file__}:")
    assert "CANARY" not in json.dumps(line, ensure_ascii=False)


def test_the_error_that_ends_a_process_is_a_line_with_its_text_only_if_it_concerns_a_setting(
    lines: Callable[[], list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTCUA_METRICS", f"{NAME}:1")
    for raises in (broken, ProcessSettings, lambda: read_ring(NAME)):
        with pytest.raises((ValueError, RingError)) as error:
            raises()
        sys.excepthook(error.type, error.value, error.tb)
    failed, unset, key = lines()
    assert "reason" not in failed
    assert failed["exception"].startswith("ValueError at ")
    assert unset["reason"].startswith("metrics: ")
    assert key["reason"].startswith("MOTCUA_CODEC_KEYS is no ring of keys: ")
    assert {line["event"] for line in lines()} == {"process.failed"}
    assert "CANARY" not in json.dumps(lines(), ensure_ascii=False)


@pytest.mark.parametrize("address", ["127.0.0.1:9464", "0.0.0.0:1", "[::1]:9464"])
def test_metrics_are_served_at_an_ip_address_and_a_port(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("MOTCUA_METRICS", address)
    assert ProcessSettings().metrics == address
    monkeypatch.setenv("MOTCUA_METRICS", "")
    assert ProcessSettings().metrics is None


@pytest.mark.parametrize("wrong", ["9464", "localhost:9464", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:http", "::1:9464"])
def test_what_is_no_address_for_metrics_is_refused(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("MOTCUA_METRICS", wrong)
    with pytest.raises(ValidationError, match=r"such as 127\.0\.0\.1:9464"):
        ProcessSettings()


# Builds and versions: what one build can take over from another.


def row(version: int, **body: Any) -> dict[str, Any]:
    return {
        "seq": 1,
        "kind": "payment_cancelled",
        "version": version,
        "body": json.dumps(body).encode(),
        "sealed": None,
        "command_id": "c",
        "actor": json.dumps(Actor(subject="system", role=Role.SYSTEM).model_dump(mode="json")).encode(),
        "occurred_at": datetime(2026, 11, 26, tzinfo=UTC),
    }


class NoKey:
    def unseal(self, sealed: bytes, context: str) -> bytes:  # noqa: ARG002 -- nothing here is sealed
        raise AssertionError


def test_an_event_of_an_older_version_is_lifted_step_by_step() -> None:
    def named(data: dict[str, Any]) -> dict[str, Any]:
        return {"kind": data["kind"], "because": data["why"]}

    def shorter(data: dict[str, Any]) -> dict[str, Any]:
        return {"kind": data["kind"], "reason": data["because"].strip()}

    kind = replace(PAYMENT, upcasters={"payment_cancelled": (named, shorter)})
    assert (kind.event_version("payment_cancelled"), kind.event_version("payment_captured")) == (3, 1)
    assert kind.reads.events["payment_cancelled"] == 3
    for version, body in ((1, {"why": " late "}), (2, {"because": " late "}), (3, {"reason": "late"})):
        assert opened(kind, "payment:x:1", row(version, **body), NoKey()).event.reason == "late"
    with pytest.raises(ValueError, match="has version 4; this build reads up to 3"):
        opened(kind, "payment:x:1", row(4, reason="late"), NoKey())


def test_a_build_is_named_by_all_that_decides_how_filings_go_on(tmp_path: Path) -> None:
    for room in CODE:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / LOCK, tmp_path)
    first = build_of(tmp_path)
    assert first == build_of(ROOT)
    (tmp_path / "README.md").write_text("other")
    assert build_of(tmp_path) == first
    others = {first}
    for changed in (*(f"{room}/__init__.py" for room in CODE), LOCK):
        with (tmp_path / changed).open("a", encoding="utf-8") as file:
            file.write("\n# other\n")
        others.add(build_of(tmp_path))
    assert len(others) == len(CODE) + 2


TAKES_AWAY: Final = re.compile(r"\b(drop|rename|truncate|delete|alter column|set not null)\b", re.IGNORECASE)
HARMLESS: Final = re.compile(r"^(grant|--|create trigger).*|alter column \w+ drop not null", re.MULTILINE)
FIRST: Final = {"record", "publications", "read_models", "work", "people", "tills"}
TAKEN_AWAY: Final[dict[str, list[str]]] = {
    "20261203000029_readers.sql": ["drop"],  # indexes of pages of tasks, made anew on a column: older builds sort
    "20261201000009_signals.sql": ["drop"],  # a table of signals that were set aside, before any release
    "20261201000010_chain.sql": ["delete"],  # of notes in its own table, each once its row is chained
}
"""By migration, its removing words; each comment says why no build needs the removed part any more."""


def taken_away(sql: str) -> list[str]:
    up, _, _ = sql.partition("-- migrate:down")
    return TAKES_AWAY.findall(HARMLESS.sub("", up))


def test_a_migration_only_adds_so_that_two_builds_can_live() -> None:
    """A removal waits until a release in which no build needs the part, and is then listed in `TAKEN_AWAY`."""
    assert taken_away("alter table x drop column y;\nalter table x alter column z drop not null;") == ["drop"]
    assert taken_away("-- drop x\ncreate table x (y text);\n-- migrate:down\ndrop table x;") == []
    files = sorted(MIGRATIONS.glob("*.sql"))
    assert {file.stem.partition("_")[2] for file in files[: len(FIRST)]} == FIRST
    newer = {file.name: taken_away(file.read_text("utf-8")) for file in files[len(FIRST) :]}
    assert {name: taken for name, taken in newer.items() if taken} == TAKEN_AWAY


# Hooks run beside the loop that serves Temporal: what blocks stops nothing else, and is warned of once.

WHOSE: ContextVar[str] = ContextVar("whose")


@pytest.fixture
async def hooks() -> AsyncIterator[Hooks]:
    with Hooks() as running:
        yield running


def warned(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Returns the hooks about which a warning was logged."""
    return [str(record.__dict__["hook"]) for record in caplog.records if record.message == "backoffice.hook_blocks"]


async def test_a_plain_function_blocks_only_its_thread(hooks: Hooks, caplog: pytest.LogCaptureFixture) -> None:
    go = threading.Event()

    def check(answer: bool) -> bool:  # noqa: FBT001 -- as a hook is asked
        go.wait(20)
        return answer

    waiting = [asyncio.create_task(hooks.run(check, answer)) for answer in (True, False)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    go.set()
    assert await asyncio.gather(*waiting) == [True, False]
    assert warned(caplog) == ["check"]


async def test_a_blocking_coroutine_is_warned_of_at_once(hooks: Hooks, caplog: pytest.LogCaptureFixture) -> None:
    go = threading.Event()

    async def issue(_: None) -> str:
        go.wait(20)  # as `requests` would
        return "made"

    making = asyncio.create_task(hooks.run(issue, None))
    async with asyncio.timeout(10 * BLOCKS):
        while not warned(caplog):
            hooks.look()
            await asyncio.sleep(0.05)
    hooks.look()
    go.set()
    assert await making == "made"
    assert warned(caplog) == ["issue"]


async def test_a_coroutine_that_waits_is_not_warned_of(hooks: Hooks, caplog: pytest.LogCaptureFixture) -> None:
    async def check(_: None) -> str:
        await asyncio.sleep(1.5 * BLOCKS)
        return WHOSE.get()

    WHOSE.set("asker")
    waiting = asyncio.create_task(hooks.run(check, None))
    while not waiting.done():
        hooks.look()
        await asyncio.sleep(0.05)
    assert waiting.result() == "asker"
    assert warned(caplog) == []


async def test_nobody_waits_for_what_hangs(caplog: pytest.LogCaptureFixture) -> None:
    go = threading.Event()

    async def issue(_: None) -> None:
        go.wait(20)

    began = time.monotonic()
    with Hooks() as hooks:
        making = asyncio.create_task(hooks.run(issue, None))
        await asyncio.sleep(0.1)
        making.cancel()
        with pytest.raises(asyncio.CancelledError):
            await making
    assert time.monotonic() - began < 5
    assert not caplog.records
    go.set()
    for thread in threading.enumerate():
        if thread.name == "motcua.hooks":
            await asyncio.to_thread(thread.join)
