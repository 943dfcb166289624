"""The base of the tests: one real stack for the session, and a world for each test."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import tempfile
from base64 import b64encode
from collections.abc import AsyncIterator, Generator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import hypothesis
import pytest
from google.protobuf.duration_pb2 import Duration
from obstore.store import from_url
from pydantic import SecretStr
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from activities.ledger.authority.budgets import Budget
from console.database import connected
from deploy.stack import Stack
from deploy.stack.registering import publisher
from motcua import BackOffice, FilingClient
from motcua.backoffice import worker as back_office_worker
from motcua.cli.language import set_language
from motcua.connection import connect
from motcua.files.store import Store
from motcua.payloads.converter import data_converter
from motcua.signing import Speaker
from publishing.authoring import procedures
from publishing.authoring.calendars import CALENDAR, publish_calendar
from sandbox.presigned import SignedOffice, directory, signed_file
from schemas.identity.statement import PrincipalKind
from schemas.ids import DEFAULT_BACK_OFFICE_QUEUE
from tests import tiers
from tests.any_files import AnyFiles, Receives, received_by
from tests.checked_once import check_once
from workers.memory import THRESHOLDS
from workers.settings import Identity, WorkerSettings
from workers.wiring import activities, platform_worker

ROOT: Final = Path(__file__).parents[1]
TESTS: Final = ROOT / "tests"
MEMORY: Final = Path("/dev/shm")  # noqa: S108 -- folders of random names in it
"""The folder for test data: a database for each test takes a fifth less CPU here than on a disk."""
ROOM: Final = 6 << 30
WORLDS: Final = 40
"""The number of worlds after which Temporal is replaced: each world costs it some 0.001 s of CPU a second from then on.
"""
SHARED: Final = ("postgres", "migrations", "bank", "post", "trust")
"""The parts that all worlds of a session share; the Temporal server is replaced from time to time."""
PARTS: Final = (*SHARED, "temporal")
"""The parts of a stack that a test has for itself."""
SUGGEST: Final = "limit.historyCount.suggestContinueAsNew"
"""Temporal's setting: the number of events after which it suggests continue-as-new to a run."""
DIRECTORY: Final = directory((ROOT / "deploy" / "directory.yaml").read_bytes())


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options that choose the tests when no file is named; without an option, the short tests run."""
    group = parser.getgroup("tiers", "short and long tests (tests/long.py)")
    group.addoption("--quick", action="store_true", help=f"short ones that need no server: {', '.join(tiers.QUICK)}")
    group.addoption("--all", action="store_true", help="short and long ones")
    group.addoption("--changed", action="store_true", help="long ones of what has changed since they were run")
    group.addoption("--sixth", metavar="HASH", help="the sixth of the long ones that a commit's hash names")


def _long_ones(config: pytest.Config) -> frozenset[str] | None:
    """Returns the files of which only the long tests are to run; None if no option selects such files."""
    if config.getoption("changed"):
        return tiers.changed()
    return tiers.sixth(config.getoption("sixth")) if config.getoption("sixth") else None


def _runs_whole(file: Path, config: pytest.Config) -> bool:
    """Returns True if all tests are requested, or if this very file is named."""
    named = {config.invocation_params.dir / arg.partition("::")[0] for arg in config.args}
    return config.getoption("all") or file in named


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Returns True for a folder or a file to leave out, which is then not imported."""
    if collection_path.is_dir():
        slow = collection_path.parent == TESTS and collection_path.name not in tiers.QUICK
        return True if config.getoption("quick") and slow else None
    if collection_path.suffix != ".py" or _runs_whole(collection_path, config):
        return None
    file = collection_path.relative_to(TESTS).as_posix()
    chosen = _long_ones(config)
    left_out = tiers.is_whole(file) if chosen is None else file not in chosen
    return True if left_out else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the long tests, and deselect the tests that are not to run."""
    chosen, kept, left_out = _long_ones(config), list[pytest.Item](), list[pytest.Item]()
    for item in items:
        file = item.path.relative_to(TESTS).as_posix()
        long = tiers.is_long(file, getattr(item, "originalname", item.name))
        if long:
            item.add_marker("long")
        runs = not long if chosen is None else long or file in tiers.properties()
        (kept if runs or _runs_whole(item.path, config) else left_out).append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=left_out)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Lets `--changed` succeed if nothing has changed."""
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and session.config.getoption("changed"):
        session.exitstatus = pytest.ExitCode.OK


def pytest_configure(config: pytest.Config) -> None:
    """Configure the process; Ctrl-C reaches the programs of tests even if the suite was started with SIGINT ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if config.getoption("all") or _long_ones(config) is not None:
        os.environ[tiers.FULL] = "yes"
    most = tiers.examples(hypothesis.settings().max_examples)
    hypothesis.settings.register_profile("suite", deadline=None, max_examples=most)  # a busy machine takes long
    hypothesis.settings.load_profile("suite")
    os.environ.setdefault("MOTCUA_IDENTITY", "off")  # for a test's own stack; those of `motcua up` require it
    os.environ.setdefault("GOGC", "100")  # a Temporal with a namespace for each test needs much memory
    if "TMPDIR" not in os.environ and _has_room(MEMORY):
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Freeze imported and collected objects, so that the garbage collector does not scan them in every test."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.set_threshold(*THRESHOLDS)
        gc.enable()


def _has_room(memory: Path) -> bool:
    """Returns True if the folder has room for the tests' data, and allows execution."""
    if not memory.is_dir():
        return False
    there = os.statvfs(memory)
    return there.f_bavail * there.f_frsize > ROOM and not there.f_flag & os.ST_NOEXEC


@pytest.fixture(autouse=True)
def _no_language_is_chosen() -> None:
    """Resets the language, since an earlier command in this process may have chosen another one."""
    set_language([], anew=True)


@pytest.fixture(scope="session", autouse=True)
def _workflows_checked_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SandboxedWorkflowRunner, "prepare_workflow", check_once)
        yield


@pytest.fixture(scope="session")
def stack() -> Iterator[Mapping[str, str]]:
    """Yields the addresses of a running stack without workers; its database has the publications of every world."""
    with tempfile.TemporaryDirectory(prefix="motcua-") as folder, asyncio.Runner() as runner:
        running = Stack(Path(folder).resolve(), parts=SHARED)
        runner.run(running.__aenter__())
        try:
            runner.run(publish_demo(running.env))
            yield running.env
        finally:
            runner.run(running.__aexit__())


class Temporals:
    """Provides Temporal servers: after each `WORLDS` worlds, a new one, since their leftovers keep a server busy."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        self._had = 0
        self._now = ExitStack()

    def next(self) -> str:
        """Returns the address of the Temporal server for one more world."""
        if self._had % WORLDS == 0:
            self.close()
            folder = self._now.enter_context(tempfile.TemporaryDirectory(prefix="motcua-"))
            self._stack = Stack(Path(folder).resolve(), parts=("temporal",))
            self._runner.run(self._stack.__aenter__())
            self._now.callback(lambda: self._runner.run(self._stack.__aexit__()))
        self._had += 1
        return self._stack.env["TEMPORAL_ADDRESS"]

    def close(self) -> None:
        self._now.close()


@pytest.fixture(scope="session")
def _temporals() -> Iterator[Temporals]:
    with asyncio.Runner() as runner, closing(Temporals(runner)) as temporals:
        yield temporals


@pytest.fixture
def temporal_address(_temporals: Temporals) -> str:
    """The address of the world's Temporal."""
    return _temporals.next()


FILES_KEY: Final = b64encode(b"k" * 32).decode()


@dataclass(frozen=True)
class World:
    """A test's database, namespace and object store, with the demo procedures published.

    `speaker` signs for the world's clients, `office` for its back offices.
    """

    env: Mapping[str, str]
    temporal: Client
    namespace: str
    objects: str
    app_dsn: str
    owner_dsn: str
    superuser_dsn: str
    door_dsn: str = field(default="", kw_only=True)
    identity: Identity = field(default=Identity.OFF, kw_only=True)
    budgets: Mapping[PrincipalKind, Budget] = field(default_factory=dict, kw_only=True)
    speaker: Speaker | None = field(default=None, kw_only=True)
    office: Speaker | None = field(default=None, kw_only=True)
    files_url: str | None = field(default=None, kw_only=True)

    @property
    def settings(self) -> WorkerSettings:
        """The settings of a platform worker in this world."""
        return WorkerSettings(
            database_url=SecretStr(self.app_dsn),
            master_key=SecretStr(self.env["MOTCUA_MASTER_KEY"]),
            objects=self.objects,
            bank_url=self.env["MOTCUA_BANK_URL"],
            post_url=self.env["MOTCUA_POST_URL"],
            signature_roots=self.env["MOTCUA_SIGNATURE_ROOTS"],
            tsa_url=self.env["MOTCUA_TSA_URL"],
            signer_url=self.env["MOTCUA_SIGNER_URL"],
            sandbox=True,
            identity=self.identity,
            files_url=self.files_url,
            files_key=SecretStr(FILES_KEY),
            budgets=json.dumps({kind: one.model_dump() for kind, one in self.budgets.items()}),
        )

    @property
    def publisher(self) -> procedures.Publisher:
        return publisher(self.env)

    @property
    def client(self) -> FilingClient:
        return self.client_of(60)

    def client_of(self, patience: float) -> FilingClient:
        return FilingClient(self.temporal, speaker=self.speaker, patience=patience)

    @property
    def process_env(self) -> dict[str, str]:
        """The environment of a worker process in this world."""
        return dict(self.env) | {
            "MOTCUA_DATABASE_URL": self.app_dsn,
            "MOTCUA_OWNER_DATABASE_URL": self.owner_dsn,
            "MOTCUA_OBJECTS": self.objects,
            "TEMPORAL_NAMESPACE": self.namespace,
            "MOTCUA_SANDBOX": "true",
            "MOTCUA_IDENTITY": self.identity,
        }

    @asynccontextmanager
    async def connection(self, dsn: str | None = None) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
        """Opens a database connection, by default as superuser."""
        connection = await asyncpg.connect(dsn or self.superuser_dsn)
        try:
            yield connection
        finally:
            await connection.close()

    async def execute(self, statement: str, *values: object) -> None:
        """Execute a statement as superuser."""
        async with self.connection() as superuser:
            await superuser.execute(statement, *values)

    async def fetch(self, query: str, *values: object) -> list[asyncpg.Record]:
        """Returns the rows of a query, as superuser."""
        async with self.connection() as superuser:
            return await superuser.fetch(query, *values)

    async def fetchval(self, query: str, *values: object) -> Any:
        """Returns the first value of a query, as superuser."""
        async with self.connection() as superuser:
            return await superuser.fetchval(query, *values)

    @asynccontextmanager
    async def back_office(
        self, office: BackOffice | None = None, queue: str = DEFAULT_BACK_OFFICE_QUEUE
    ) -> AsyncIterator[None]:
        """Runs a back office in this process; by default one whose results a leader has already signed."""
        store, office = Store(from_url(self.objects)), office or Signed()
        if isinstance(office, Signed):
            office.file = await _signed_file(self.env["MOTCUA_SIGNER_URL"], self.env)
        async with back_office_worker(office, self.temporal, store, queue, self.office):
            yield

    @asynccontextmanager
    async def real_platform(self) -> AsyncIterator[None]:
        """Runs a platform worker, which examines files, in this process."""
        async with activities(self.settings) as functions, platform_worker(self.temporal, functions, self.settings):
            yield

    @asynccontextmanager
    async def platform(self, reception: Receives | None = None) -> AsyncIterator[None]:
        """Runs a platform worker in this process; by default it accepts files as their declared types."""
        async with (
            activities(self.settings) as functions,
            platform_worker(self.temporal, received_by(reception or AnyFiles(), functions), self.settings),
        ):
            yield


_FILES: Final[dict[str, bytes]] = {}


async def _signed_file(signer: str, env: Mapping[str, str]) -> bytes:
    """Returns a result that this service has signed; the result is made once for all worlds."""
    if signer not in _FILES:
        _FILES[signer] = await signed_file(env)
    return _FILES[signer]


class Signed(SignedOffice):
    """The default back office of worlds; `World.back_office` gives it the file of its results."""

    def __init__(self) -> None:
        super().__init__(b"")


async def world_of(env: Mapping[str, str], folder: Path) -> World:
    """Returns the world of a whole stack, for a test with a stack of its own."""
    objects = folder / "objects"
    objects.mkdir(exist_ok=True)
    return World(
        env=env,
        temporal=await Client.connect(env["TEMPORAL_ADDRESS"], data_converter=data_converter),
        namespace="default",
        objects=objects.as_uri(),
        app_dsn=env["MOTCUA_DATABASE_URL"],
        owner_dsn=env["MOTCUA_OWNER_DATABASE_URL"],
        superuser_dsn=env["MOTCUA_SUPERUSER_DATABASE_URL"],
    )


@asynccontextmanager
async def own_stack(**temporal: str) -> AsyncIterator[tuple[Stack, World]]:
    """Runs a stack whose parts a test may kill, with these settings of Temporal; yields the stack and its world."""
    with tempfile.TemporaryDirectory(prefix="motcua-") as name:
        folder = Path(name).resolve()
        async with Stack(folder, parts=PARTS, temporal=temporal) as stack:
            await publish_demo(stack.env)
            yield stack, await world_of(stack.env, folder)


def database_url(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


@pytest.fixture
async def world(stack: Mapping[str, str], temporal_address: str, tmp_path: Path) -> AsyncIterator[World]:
    """A world without workers, for tests that start and kill their own."""
    name = f"t{uuid4().hex[:12]}"
    maintenance = await asyncpg.connect(database_url(stack["MOTCUA_SUPERUSER_DATABASE_URL"], "postgres"))
    await maintenance.execute(f"create database {name} template motcua owner motcua_owner")
    await maintenance.execute(f"revoke all on database {name} from public")  # as an installation has it
    await maintenance.execute(f"grant connect, temporary on database {name} to motcua_app")
    await maintenance.execute(f"grant connect on database {name} to motcua_gateway")
    await (await Client.connect(temporal_address)).workflow_service.register_namespace(
        RegisterNamespaceRequest(namespace=name, workflow_execution_retention_period=Duration(seconds=86_400))
    )
    temporal = await Client.connect(temporal_address, namespace=name, data_converter=data_converter)
    objects = tmp_path / "objects"
    objects.mkdir()
    made = World(
        env={**stack, "TEMPORAL_ADDRESS": temporal_address},
        temporal=temporal,
        namespace=name,
        objects=objects.as_uri(),
        app_dsn=database_url(stack["MOTCUA_DATABASE_URL"], name),
        owner_dsn=database_url(stack["MOTCUA_OWNER_DATABASE_URL"], name),
        superuser_dsn=database_url(stack["MOTCUA_SUPERUSER_DATABASE_URL"], name),
        door_dsn=database_url(stack["MOTCUA_DOOR_DATABASE_URL"], name),
    )
    try:
        yield made
    finally:
        await maintenance.execute(f"drop database {name} with (force)")
        await maintenance.close()


@pytest.fixture
async def running(world: World) -> AsyncIterator[World]:
    """A world with a platform worker and the default back office."""
    async with world.platform(), world.back_office():
        yield world


async def publish_demo(
    env: Mapping[str, str], seconds: Mapping[str, int] | None = None, directory_: bytes = DIRECTORY
) -> None:
    """Publishes the calendar, the directory, and the demo version of every procedure of the catalogue.

    The default directory is that of a back office whose results a leader has already signed.
    """
    dsn = env["MOTCUA_OWNER_DATABASE_URL"]
    await publish_calendar(dsn, CALENDAR.read_bytes())
    await procedures.seed_directory(dsn, directory_, publisher(env))
    for file in sorted((ROOT / "procedures").glob("*.yaml")):
        await procedures.publish(dsn, _demo_variant(file, tuple((seconds or {}).items())), demo=True)
    async with connected(dsn) as connection:  # as a relay does
        await connection.fetchval("select position_appends(10_000)")


@cache
def _demo_variant(file: Path, seconds: tuple[tuple[str, int], ...]) -> bytes:
    return procedures.demo_variant(file.read_bytes(), dict(seconds))


async def empty_namespace(world: World) -> Client:
    """Returns a client on an empty namespace, as after a total loss of Temporal's data."""
    name = f"t{uuid4().hex[:12]}"
    await world.temporal.workflow_service.register_namespace(
        RegisterNamespaceRequest(namespace=name, workflow_execution_retention_period=Duration(seconds=86_400))
    )
    return await connect(world.env["TEMPORAL_ADDRESS"], namespace=name, lazy=False)
