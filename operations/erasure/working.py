"""Carries out approved erasures, in the record and then outside of it: files in the store, and Temporal's executions.

Deletions outside the record are idempotent. A killed run is resumed by the next run.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import asyncpg
from obstore.store import ObjectStore
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import RawValue
from temporalio.service import RPCError, RPCStatusCode

from activities.checkpoints.log import Place
from activities.keys.masters import MasterKeys
from activities.ledger.database import Pool
from activities.ledger.vault import Vault
from activities.support.failpoint import failpoint
from console.database import is_away
from motcua.cli.running import WorkRefusedError
from operations.erasure.erasing import erase, tell_all, why
from operations.erasure.executions import delete, executions_of, files_of, input_of
from operations.erasure.refused import RefusedSubmissions
from operations.erasure.requests import Progress, request
from rules.require import require
from schemas.errors import Refusal, RefusalError
from schemas.privacy import ErasureCause
from schemas.reading import LONGEST_WAIT
from views import primary
from views.log import Connection

AT_ONCE: Final = 20
"""Maximum number of filings, or of workflows, that are handled at the same time."""
LONGEST_QUESTION: Final = 2 * LONGEST_WAIT
"""Maximum seconds to wait for the end of a running `View` workflow; after this time it is deleted all the same."""


@dataclass(frozen=True)
class Outside:
    """The object store, Temporal, and, if it is set, the second place, which also has the checkpoints (`elsewhere`)."""

    store: ObjectStore
    temporal: Client
    elsewhere: Place | None = None


@dataclass
class Gone:
    """The numbers of deleted files and executions. `failed`: the filings that still have some, with the reasons."""

    files: int = 0
    executions: int = 0
    failed: dict[UUID, str] = field(default_factory=dict)


async def erase_outside(connection: Connection, outside: Outside, filings: Collection[UUID]) -> Gone:
    """Deletes the files and executions of erased filings; goes on if one filing fails. Raises asyncpg's errors."""
    owners = defaultdict[UUID, list[UUID]](list)
    for row in await connection.fetch(_CALLBACKS, list(filings)):
        owners[row["filing_id"]].append(row["id"])
    gone, gate = Gone(), asyncio.Semaphore(AT_ONCE)

    async def one(filing: UUID) -> None:
        async with gate:
            try:
                files = [await files_of(outside.store, owner) for owner in (filing, *owners[filing])]
                gone.files += sum(files)
                failpoint("erasure.files")
                deleted = 0
                async for found in outside.temporal.list_workflows(executions_of(filing)):
                    deleted += await delete(outside.temporal, found.id, found.run_id)
                gone.executions += deleted
            except Exception as error:  # noqa: BLE001 -- on any error the others are deleted, and it is reported
                gone.failed[filing] = why(error)

    await asyncio.gather(*map(one, filings))
    failpoint("erasure.executions")
    await _questions(outside.temporal, set(filings) - gone.failed.keys(), gone)
    return gone


async def _questions(temporal: Client, filings: Collection[UUID], gone: Gone) -> None:
    """Deletes ended `View` workflows (questions): about these filings or any person, or if they can't be decrypted."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def look(workflow: str, run: str) -> None:
        about = filings  # if the question can't be read, it may be about any
        try:
            async with gate:
                said = await input_of(temporal, workflow, run)
                about = [one for one in filings if said is None or _PERSONS in said or str(one).encode() in said]
                if about:
                    await _ended(temporal, workflow, run)
                    deleted = await delete(temporal, workflow, run)
                    gone.executions += deleted
        except Exception as error:  # noqa: BLE001 -- on any error the others are deleted, and it is reported
            gone.failed |= dict.fromkeys(about, why(error))

    try:
        async for page in _pages(temporal):
            await asyncio.gather(*(look(*one) for one in page))
    except Exception as error:  # noqa: BLE001 -- it is unknown which filings the questions are about
        gone.failed |= dict.fromkeys(filings, why(error))


async def _pages(temporal: Client) -> AsyncIterator[list[tuple[str, str]]]:
    """Yields `View` workflows page by page, each as a workflow id and a run id. Temporal's list may lag behind."""
    page: list[tuple[str, str]] = []
    async for found in temporal.list_workflows("WorkflowType = 'View'"):
        page.append((found.id, found.run_id))
        if len(page) == _PAGE:
            yield page
            page = []
    yield page


async def _ended(temporal: Client, workflow: str, run: str) -> None:
    """Waits at most `LONGEST_QUESTION` seconds for the end of a `View` workflow, so that its caller gets an answer."""
    try:
        async with asyncio.timeout(LONGEST_QUESTION):
            await temporal.get_workflow_handle(workflow, run_id=run, result_type=RawValue).result()
    except (WorkflowFailureError, TimeoutError):
        return
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise


_PAGE: Final = 200
_PERSONS: Final = b"persons_filings"
_CALLBACKS: Final = """
select filing_id, id from callback join stream using (stream) where filing_id = any($1) order by id
"""


@dataclass
class Worked:
    """The outcome of a run. `refused`: the filings that can't be erased yet, each with the reason.

    `failed`: all other filings that are not finished, each with the reason. `files` and `executions`: the numbers of
    deleted files and Temporal executions.
    """

    finished: list[str] = field(default_factory=list)
    refused: dict[str, Refusal] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    files: int = 0
    executions: int = 0


async def work_off(dsn: str, master: MasterKeys, outside: Outside, progress: Progress) -> Worked:
    """Erases every unfinished filing of an approved request. `progress(done, of)` is called after each filing.

    If a filing fails, the others are erased all the same, and the reason is stored. Raises `WorkRefusedError` if no
    filing can be erased, and asyncpg's errors if the database can't be reached; earlier erasures stay done.
    """
    vault = Vault(master)
    async with (
        primary.create_pool(dsn, min_size=0, max_size=2, timeout=TIMEOUT, command_timeout=TIMEOUT) as pool,
        pool.acquire() as alone,
    ):
        if not await alone.fetchval(_ONLY_ONE):
            raise WorkRefusedError("another run is under way: let it end")
        if not await vault.opens(alone):
            raise WorkRefusedError("MOTCUA_MASTER_KEY is not the key that this record was sealed with")
        if outside.elsewhere is not None:
            await tell_all(alone, outside.elsewhere)
        return await _work(pool, vault, outside, await alone.fetch(_UNFINISHED), progress)


async def _work(
    pool: Pool, vault: Vault, outside: Outside, unfinished: list[asyncpg.Record], progress: Progress
) -> Worked:
    worked, erased = Worked(), dict[UUID, str]()
    refused = RefusedSubmissions(outside.temporal, outside.store)
    progress(0, len(unfinished))
    for done, row in enumerate(unfinished, 1):
        try:
            async with pool.acquire() as connection:
                asked = require(await request(connection, row["request"]))
                if asked.cause is ErasureCause.PERSON:
                    files, executions = await refused.erase(connection, vault, row["filing_id"])
                    worked.files += files
                    worked.executions += executions
            await erase(pool, vault, asked, row["filing_id"], outside.elsewhere)
        except Exception as error:  # on any error the others go on, and it is reported
            if is_away(error):
                raise
            if isinstance(error, RefusalError):
                worked.refused[row["code"]] = error.refusal
            else:
                worked.failed[row["code"]] = why(error)
            async with pool.acquire() as connection:
                await connection.execute(_KEEP, row["filing_id"], why(error))
        else:
            erased[row["filing_id"]] = row["code"]
        progress(done, len(unfinished))
    if erased:
        async with pool.acquire() as connection:
            gone = await erase_outside(connection, outside, erased)
            for filing, problem in gone.failed.items():
                worked.failed[erased.pop(filing)] = problem
                await connection.execute(_KEEP, filing, problem)
            await connection.execute(_FINISHED, list(erased))
        failpoint("erasure.finished")
        worked.files += gone.files
        worked.executions += gone.executions
        worked.finished = sorted(erased.values())
    return worked


TIMEOUT: Final = 60.0
_ONLY_ONE: Final = "select pg_try_advisory_lock(hashtext('motcua erase'))"
UNDER_WAY: Final = """
exists (
    select from pg_locks join pg_database on oid = database
    where locktype = 'advisory' and datname = current_database() and objsubid = 1
        and (classid::bigint << 32) | objid::bigint = hashtext('motcua erase')
)
"""
"""SQL: true while a run of `motcua erasures` is active, that is, while the lock of `_ONLY_ONE` is taken."""
_UNFINISHED: Final = """
select erasure.request, erasure.filing_id, filing.code
from erasure join erasure_deed as answer on answer.asked = erasure.request and answer.deed = 'approve'
    join filing using (filing_id)
where erasure.finished_at is null order by erasure.request, filing.code
"""
_KEEP: Final = """
update erasure set problem = $2 from erasure_deed as answer
where answer.asked = request and answer.deed = 'approve' and filing_id = $1 and finished_at is null
"""
_FINISHED: Final = """
update erasure set finished_at = clock_timestamp() where filing_id = any($1) and finished_at is null
"""
