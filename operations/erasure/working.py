"""Carries out approved erasures, in the record and then outside of it. A killed run is resumed by the next one."""

from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import asyncpg

from activities.keys.masters import MasterKeys
from activities.ledger.database import Pool
from activities.ledger.vault import Vault
from activities.support.failpoint import failpoint
from console.database import is_away
from operations.erasure.erasing import NotErasedError, erase, keep, tell_all, why
from operations.erasure.outside import Outside, erase_outside
from operations.erasure.requests import Progress, request
from rules.require import require
from schemas.errors import Refusal, RefusalError


@dataclass
class Worked:
    """The outcome: the finished filings, and those `refused` for now, with the reasons.

    `failed`: the other filings, with the type of their error. `files` and `executions`: the numbers of deleted files
    and Temporal executions.
    """

    finished: list[str] = field(default_factory=list)
    refused: dict[str, Refusal] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    files: int = 0
    executions: int = 0


async def work_off(dsn: str, master: MasterKeys, outside: Outside, progress: Progress) -> Worked:
    """Erases every unfinished filing of an approved request. `progress(done, of)` is called after each.

    If a filing fails, the others are erased all the same, and the type of its error is stored. Raises `NotErasedError`
    if none can be erased, and asyncpg's errors while the database can't be reached; erasures done until then stay done.
    """
    vault = Vault(master)
    async with (
        asyncpg.create_pool(dsn, min_size=0, max_size=2, timeout=TIMEOUT, command_timeout=TIMEOUT) as pool,
        pool.acquire() as alone,
    ):
        if not await alone.fetchval(_ONLY_ONE):
            raise NotErasedError("another run is under way: let it end")
        if not await vault.opens(alone):
            raise NotErasedError("MOTCUA_MASTER_KEY is not the key that this record was sealed with")
        if outside.elsewhere is not None:
            await tell_all(alone, outside.elsewhere)
        return await _work(pool, vault, outside, await alone.fetch(_UNFINISHED), progress)


async def _work(
    pool: Pool, vault: Vault, outside: Outside, unfinished: list[asyncpg.Record], progress: Progress
) -> Worked:
    worked, erased = Worked(), dict[UUID, str]()
    progress(0, len(unfinished))
    for done, row in enumerate(unfinished, 1):
        try:
            async with pool.acquire() as connection:
                asked = require(await request(connection, row["request"]))
            await erase(pool, vault, asked, row["filing_id"], outside.elsewhere)
        except Exception as error:  # on any error the others go on, and it is reported
            if is_away(error):
                raise
            if isinstance(error, RefusalError):
                worked.refused[row["code"]] = error.refusal
            else:
                worked.failed[row["code"]] = why(error)
            async with pool.acquire() as connection:
                await keep(connection, row["filing_id"], why(error))
        else:
            erased[row["filing_id"]] = row["code"]
        progress(done, len(unfinished))
    if erased:
        async with pool.acquire() as connection:
            gone = await erase_outside(connection, outside, erased)
            for filing, problem in gone.failed.items():
                worked.failed[erased.pop(filing)] = problem
                await keep(connection, filing, problem)
            await connection.execute(_FINISHED, list(erased))
        failpoint("erasure.finished")
        worked.files, worked.executions = gone.files, gone.executions
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
_FINISHED: Final = """
update erasure set finished_at = clock_timestamp() where filing_id = any($1) and finished_at is null
"""
