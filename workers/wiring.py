"""Assembles the platform's worker."""

import compileall
import inspect
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, TypeAlias

import asyncpg
import httpx
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.runtime import Runtime
from temporalio.worker import Interceptor, PollerBehaviorAutoscaling, Worker, WorkerDeploymentConfig
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from activities.checkpoints.making import Checkpoints
from activities.complaint import Complaints
from activities.files.inspection import Inspector
from activities.files.scanner import scanner_at
from activities.intake import Registry
from activities.ledger import builds
from activities.ledger.append import Ledger
from activities.ledger.authority.budgets import Budgets
from activities.ledger.authority.principals import Guard, Keyring
from activities.ledger.vault import Vault
from activities.money.giving_back import Calls, GivingBack
from activities.money.merchants import Merchants
from activities.money.payment import Payments
from activities.money.refunds import Refunds
from activities.papers import Papers
from activities.parcel import Parcels
from activities.partners.http import partner_client
from activities.partners.instructions import Instructions
from activities.partners.money.bank import Bank, HttpBank, OwnBank
from activities.partners.money.merchants import provider
from activities.partners.money.provider import Provider
from activities.partners.postal import Post, VnPost
from activities.reception import Reception
from activities.reprojection import Reprojections
from activities.results.entry import Results
from activities.results.printing import ResultPages, ResultPrinting
from activities.results.signed import SignedFiles
from activities.results.signing import OfficialSigning
from activities.support.readings import Readings
from activities.views import WAITING_QUEUE, Views
from activities.workflows import Workflows
from motcua.files.store import Store, open_store
from motcua.stopping import GRACE
from recovery.healing import Healer
from recovery.overtaken import Overtaken
from recovery.presence import present
from rules.stream_kind import Kinds
from rules.streams import KINDS
from schemas.ids import DEPLOYMENT, OFFICERS_QUEUE, TASK_QUEUE
from schemas.payment.state import DEFAULT_PROVIDER
from views import primary
from workers.checkpoints import checkpointing
from workers.file_addresses import FileAddresses
from workers.interceptors.by_queue import ByQueue
from workers.interceptors.identity import Doorkeeper
from workers.interceptors.pacing import Pace
from workers.interceptors.readings import NotesReadings
from workers.memory import ForgettingRunner
from workers.payload_visitor_patch import walk_once
from workers.settings import Identity, RecordSettings, WorkerSettings
from workers.trust import signing, submitted_signatures
from workflows.complaint import ComplaintWorkflow
from workflows.filing import FilingWorkflow
from workflows.parcel import ParcelWorkflow
from workflows.payment.workflow import PaymentWorkflow
from workflows.referral import ReferralWorkflow
from workflows.refund import RefundWorkflow
from workflows.reprojection import Reprojection
from workflows.result import ResultWorkflow
from workflows.scheduled import CheckpointWorkflow, Healing
from workflows.view import ViewWorkflow


@dataclass(frozen=True)
class Functions:
    """The activities: `waiting` are those that only wait for changes, on their own queue; `working` are all others.

    The `guard` verifies senders; without a guard all senders are trusted. `readings`: the recent readings of this
    process.
    """

    working: Sequence[Callable[..., Any]]
    waiting: Sequence[Callable[..., Any]] = ()
    guard: Guard | None = None
    readings: Readings = field(default_factory=Readings)


Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

WORKFLOWS: Sequence[type] = (
    *(FilingWorkflow, PaymentWorkflow, ParcelWorkflow, ReferralWorkflow, ComplaintWorkflow, ResultWorkflow),
    *(RefundWorkflow, ViewWorkflow, Reprojection, Healing, CheckpointWorkflow),
)

COMMAND_SECONDS: Final = 4
"""The timeout of a query in seconds. It is short: an attempt to append has 5 s in all."""

ONE_PLAN: Final = {"plan_cache_mode": "force_generic_plan"}
"""Makes PostgreSQL plan a statement once in each connection; by default it does so after five executions."""

MOST_WAITING: Final = 2000
"""Maximum concurrent waits for changes at one worker: each is one entry of one statement (`views.watching`)."""

POLLERS: Final = PollerBehaviorAutoscaling(minimum=8, initial=8)
"""The pollers of a worker. A task that no poller awaits costs a write in Temporal's store (docs/performance.md)."""

_OFFICERS: Final[dict[str, Any]] = {
    "task_queue": OFFICERS_QUEUE,
    "workflows": (ViewWorkflow,),
    "no_remote_activities": True,
    "workflow_task_poller_behavior": PollerBehaviorAutoscaling(minimum=2, initial=2),
}
"""The options of the worker of officers' questions. Portals' questions can't take its slots and pollers."""

STICKY: Final = timedelta(seconds=2)
"""The time for which a task waits for the worker that caches the filing; then any worker may take the task."""


def open_pool(settings: RecordSettings) -> Pool:
    """Returns the pool of connections to the record, with the application's role; an async context manager."""
    return primary.create_pool(
        settings.database_url.get_secret_value(),
        min_size=1,
        max_size=settings.pool_size,
        command_timeout=COMMAND_SECONDS,
        timeout=COMMAND_SECONDS,
        max_cached_statement_lifetime=0,
        server_settings=ONE_PLAN,
        reset=_as_it_was,
    )


@asynccontextmanager
async def open_vault(settings: RecordSettings) -> AsyncIterator[Vault]:
    """Yields the keys of filings, with connections to the key managers."""
    masters = settings.master
    async with masters.connected():
        yield Vault(masters)


async def _as_it_was(_: object) -> None:
    """Does nothing: no code of ours changes a session's settings, and the pool itself rolls back open transactions."""


def vnpost(settings: WorkerSettings, client: httpx.AsyncClient) -> VnPost:
    """Returns the client of the postal service, with the contract and the keys in the settings."""
    return VnPost(client, settings.post_contract, settings.post_customer_key, settings.post_secret_key)


@asynccontextmanager
async def activities(settings: WorkerSettings, kinds: Kinds = KINDS) -> AsyncIterator[Functions]:
    """Yields the platform's activities, with their open resources: the pool, the clients of bank and post."""
    async with (
        partner_client(settings.bank_url) as bank,
        partner_client(settings.post_url) as post,
        activities_with(settings, HttpBank(bank), vnpost(settings, post), kinds) as functions,
    ):
        yield functions


@asynccontextmanager
async def activities_with(
    settings: WorkerSettings, bank: Bank, post: Post, kinds: Kinds = KINDS
) -> AsyncIterator[Functions]:
    """Yields the platform's activities, which use this bank and this post."""
    async with (
        open_pool(settings) as pool,
        open_vault(settings) as vault,
        partner_client() as http,
        Inspector() as inspector,
        submitted_signatures(settings, pool) as signatures,
        signing(settings) as (signer, lasting),
        nullcontext() if settings.identity is Identity.OFF else Keyring(pool) as keyring,
        checkpointing(settings) as setup,
    ):
        async with pool.acquire() as connection:
            if not await vault.opens(connection):
                raise RuntimeError(
                    "MOTCUA_MASTER_KEY is not the key that this record was sealed with; nothing was changed"
                )
        readings, meter = Readings(), Runtime.default().metric_meter
        guard = None if keyring is None else Guard(keyring, settings.audience, Budgets(settings.budgets))
        audience = None if guard is None else settings.audience
        ledger = Ledger(pool, vault, kinds, meter, audience, readings)
        registry = Registry(pool, guard)
        own: dict[str, Provider] = {DEFAULT_PROVIDER: OwnBank(DEFAULT_PROVIDER, bank)}
        others = {name: provider(name, merchant, http) for name, merchant in settings.providers.items()}
        instructions = Instructions(pool, vault, kinds)
        payments = Payments(own | others, pool, instructions)
        merchants = Merchants(own | others, pool, vault, kinds)
        giving_back = GivingBack(own | others, Calls(pool), instructions)
        parcels = Parcels(post, pool, instructions)
        store = open_store(settings.objects)
        await Store(store).expect_kept()
        addresses, signed = FileAddresses(store, settings.files_url, settings.key_of_files), SignedFiles(pool, lasting)
        views = Views(pool, vault, kinds, guard, addresses)
        papers, keep = Papers(pool, store, instructions.findings, signed), Store(store).put
        reception = Reception(store, instructions, keep, inspector, scanner_at(settings.clamd), signatures)
        workflows, refunds = Workflows(), Refunds(pool, vault, kinds)
        complaints = Complaints(pool, vault, kinds, guard)
        pages = ResultPages(pool, vault, settings.tracking_url)
        printing = ResultPrinting(instructions, pages, keep)
        results = Results(pool, vault, kinds)
        official = OfficialSigning(pool, instructions, Store(store), signer, lasting, signed, pages, audience)
        working = (
            *(ledger.append, registry.open, registry.closed, registry.news, registry.calendar, registry.destination),
            *(views.answer, Reprojections(pool).page, Checkpoints(pool, setup).make),
            Healer(pool, vault.find, kinds, WORKFLOWS, meter).heal,
            Overtaken(pool, kinds, meter).take_over,
            *(merchants.merchant, merchants.renewal, merchants.collector),
            *(payments.order, payments.called, payments.money, payments.late_money, payments.close, giving_back.refund),
            *(parcels.send, parcels.news, parcels.cancel),
            *(papers.confirm, reception.examine, reception.scan),
            *(workflows.start, workflows.tell, workflows.wake),
            *(refunds.look, refunds.of_fee, refunds.ruled, refunds.given),
            *(refunds.accepted, refunds.going, refunds.not_asked_again),
            *(complaints.grounds, complaints.side, complaints.remedy),
            *(results.signer, results.signers, results.order, printing.print, official.prepare, official.sign),
        )
        yield Functions(working, waiting=(views.changes,), guard=guard, readings=readings)


@asynccontextmanager
async def platform_worker(
    client: Client, functions: Functions, settings: WorkerSettings, **options: Any
) -> AsyncIterator[Worker]:
    """Runs three workers: for the workflows, for officers' questions, and for the waits for changes.

    `options` are those of `temporalio.worker.Worker`. Each worker gets its build id here, since Temporal's SDK would
    hash the bytecode of all imports, which takes longer than the rest of the start.
    """
    walk_once()
    pace = Pace()
    at_the_door: list[Interceptor] = [ByQueue(), NotesReadings(functions.readings), pace]
    if functions.guard is not None:
        at_the_door.append(Doorkeeper(functions.guard))
    chosen: dict[str, Any] = {
        "task_queue": TASK_QUEUE,
        "workflows": WORKFLOWS,
        "max_cached_workflows": settings.cached_workflows,
        "workflow_task_poller_behavior": POLLERS,
        "activity_task_poller_behavior": POLLERS,
        "sticky_queue_schedule_to_start_timeout": STICKY,
        "graceful_shutdown_timeout": GRACE,
        # The SDK returns a rejected Update with its content: a limit here would fail the task, again and again.
        "disable_payload_error_limit": True,
        "workflow_runner": SandboxedWorkflowRunner() if settings.sandbox else ForgettingRunner(),
        "interceptors": at_the_door,
    } | options
    if "deployment_config" not in options:
        chosen["build_id"] = settings.build
    if settings.sandbox:  # which imports the workflows again for every run: their bytecode is stored beside them
        for folder in {Path(inspect.getfile(workflow)).parent for workflow in chosen["workflows"]}:
            compileall.compile_dir(folder, maxlevels=0, quiet=2)
    async with (
        present(settings.database_url.get_secret_value(), client),
        Worker(client, activities=functions.working, tuner=pace.tuner(), **chosen) as worker,
        Worker(client, activities=functions.working, **(chosen | _OFFICERS)),
        Worker(
            client,
            task_queue=WAITING_QUEUE,
            build_id=settings.build,
            activities=functions.waiting,
            interceptors=at_the_door,
            max_concurrent_activities=MOST_WAITING,
            max_concurrent_activity_task_polls=2,
            graceful_shutdown_timeout=timedelta(),
        )
        if functions.waiting
        else nullcontext(),
    ):
        yield worker


@asynccontextmanager
async def versioned_worker(
    client: Client, functions: Functions, settings: WorkerSettings, **options: Any
) -> AsyncIterator[Worker]:
    """Runs the same workers as a versioned build: they only run workflows that belong to this build."""
    version = WorkerDeploymentVersion(deployment_name=DEPLOYMENT, build_id=settings.build)
    own = WorkerDeploymentConfig(
        version=version, use_worker_versioning=True, default_versioning_behavior=VersioningBehavior.PINNED
    )
    connection = await primary.connect(settings.database_url.get_secret_value(), timeout=COMMAND_SECONDS)
    try:
        await builds.register(connection, settings.build, KINDS)
    finally:
        await connection.close()
    async with platform_worker(client, functions, settings, deployment_config=own, **options) as worker:
        yield worker
