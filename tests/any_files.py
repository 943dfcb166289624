"""A file examiner that accepts everything, for tests of other subjects, and its installation."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Protocol

import asyncpg
from temporalio import activity

from activities.ledger.findings import Findings
from activities.ledger.vault import Vault
from activities.partners.instructions import Instruction, Instructions, Read
from activities.reception import ExamineRequest
from rules.evidence import Finding
from rules.filing import evidence
from rules.stream_kind import Kinds, StreamKind
from rules.streams import FILING, KINDS
from schemas.base import Code
from schemas.files import ScanState
from schemas.filing.submission import Examined
from schemas.ids import filing_workflow
from workers import wiring
from workers.settings import WorkerSettings
from workers.wiring import Functions


class Receives(Protocol):
    """The platform's examiner of files."""

    async def examine(self, request: ExamineRequest) -> Examined: ...

    async def scan(self, order: Instruction) -> list[Code]: ...


class Unkept(Findings):
    """A store of findings that keeps nothing, since `received_by` keeps the findings."""

    def __init__(self) -> None:
        """Makes the store without a pool of connections."""

    async def keep(self, stream: str, *found: Finding) -> None:
        """Ignores these findings."""


class Orders(Instructions):
    """A reader of orders that opens a pool for each reading, since its users are made before the platform's pool."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self.findings = Unkept()

    async def read(self, given: Instruction, kind: StreamKind[Any]) -> Read:
        dsn, vault = self._settings.database_url.get_secret_value(), Vault(self._settings.master)
        async with asyncpg.create_pool(dsn, min_size=0, max_size=1) as pool:
            return await Instructions(pool, vault, KINDS).read(given, kind)


class AnyFiles:
    """An examiner that accepts every file as its declared type."""

    @activity.defn(name="reception.examine")
    async def examine(self, request: ExamineRequest) -> Examined:  # noqa: ARG002 -- it looks at nothing
        return Examined(scan=ScanState.UNSCANNED)

    @activity.defn(name="reception.scan")
    async def scan(self, order: Instruction) -> list[Code]:  # noqa: ARG002 -- the same
        return []


class FoundLate(AnyFiles):
    """An examiner that finds a virus in every submitted paper, but only in the later scan; supplements are clean."""

    def __init__(self, orders: Instructions) -> None:
        self._orders = orders

    @activity.defn(name="reception.examine")
    async def examine(self, request: ExamineRequest) -> Examined:
        return Examined(scan=ScanState.CLEAN if request.submission is None else ScanState.PENDING)

    @activity.defn(name="reception.scan")
    async def scan(self, order: Instruction) -> list[Code]:
        return [paper.code for paper in (await self._orders.read(order, FILING)).state.to_scan]


@asynccontextmanager
async def any_file_activities(settings: WorkerSettings, kinds: Kinds = KINDS) -> AsyncIterator[Functions]:
    """Yields the platform's activities, with a file examiner that accepts every file."""
    async with wiring.activities(settings, kinds) as functions:
        yield received_by(AnyFiles(), functions)


def received_by(reception: Receives, functions: Functions) -> Functions:
    """Returns the activities with this examiner of files; its answers are kept as findings, as the platform's are."""
    own = [function for function in functions.working if function.__qualname__.split(".")[0] == "Reception"]
    orders: Instructions = vars(own[0]).get("orders") or own[0].__self__._orders  # type: ignore[attr-defined] # bound

    @activity.defn(name="reception.examine")
    async def examine(request: ExamineRequest) -> Examined:
        answer = await reception.examine(request)
        files = ((named.place, named.file) for named in request.files)
        finding = evidence.examined(files, request.submission, request.version, answer)
        await orders.findings.keep(filing_workflow(request.filing_id), finding)
        return answer

    @activity.defn(name="reception.scan")
    async def scan(order: Instruction) -> list[Code]:
        papers = (await orders.read(order, FILING)).state.to_scan
        infected = await reception.scan(order)
        files = [paper.file.sha256 for paper in papers if paper.file is not None]
        await orders.findings.keep(order.stream, evidence.scanned(files, infected))
        return infected

    for one in (examine, scan):
        one.__qualname__ = f"Reception.{one.__name__}"
        vars(one)["orders"] = orders
    others = [function for function in functions.working if function not in own]
    return replace(functions, working=(*others, examine, scan))
