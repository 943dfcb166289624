"""What a filing needs to know before it begins, and what a payment asks before it gives money back: database reads."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import asyncpg
from temporalio import activity

from activities.database import ACQUIRE_SECONDS, Connection, unreachable
from schemas.base import Model
from schemas.ids import filing_workflow
from schemas.people import Role
from schemas.procedure import ProcedureRules


class Wanted(Model):
    """A filing, and what its submission names; without a version the current one. The log, if it has it, decides."""

    filing_id: UUID
    code: str | None = None
    version: str | None = None
    agency: str | None = None


class Opened(Model):
    """The procedure, the agency and its queue; None for what there is not."""

    procedure: ProcedureRules | None = None
    agency: str | None = None
    queue: str | None = None


class Registry:
    """Reads the catalogue, the agencies and where filings stand."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool

    @activity.defn(name="intake.open")
    async def open(self, wanted: Wanted) -> Opened:
        """The procedure under which this filing was, or now would be, submitted."""
        with unreachable():
            async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                stream = filing_workflow(wanted.filing_id)
                [row] = await connection.fetch(_OPEN, stream, wanted.code, wanted.version, wanted.agency)
                agency, queue, rules = row
                procedure = ProcedureRules.model_validate_json(rules) if rules is not None else None
                if procedure is not None:
                    procedure = await _accountable(connection, procedure, agency)
        return Opened(procedure=procedure, agency=agency, queue=queue)

    @activity.defn(name="intake.agency")
    async def agency(self, stream: str) -> str | None:
        """Whose stream this is, or None if the log holds no event of it."""
        with unreachable():
            async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                found: str | None = await connection.fetchval(
                    "select agency from event where stream = $1 and seq = 1", stream
                )
        return found

    @activity.defn(name="intake.closed")
    async def closed(self, filing_id: UUID) -> bool:
        """Whether the record says that this filing has ended."""
        with unreachable():
            async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                found = await connection.fetchval(
                    "select closed_at is not null from filing where filing_id = $1", filing_id
                )
        return bool(found)


_OPEN: Final = """
with named as (
    select coalesce(told ->> 'procedure', $2) as code, coalesce(told ->> 'version', $3) as version,
        coalesce(told ->> 'agency', $4) as agency
    from (select) as asked left join (
        select convert_from(body, 'UTF8')::jsonb as told from event where stream = $1 and seq = 1
    ) as submitted on true
)
select agency, (select queue from agency where agency.agency = named.agency), (
    select rules from procedure
    where procedure.code = named.code
        and (procedure.version = named.version or (named.version is null and not demo))
    order by published_at desc limit 1
) from named
"""
"""What was submitted, if the log holds it, or else what now is."""


async def _accountable(connection: Connection, procedure: ProcedureRules, agency: str | None) -> ProcedureRules:
    """The rules with the agency's own officers who answer for what is approved by an order or by silence."""
    return procedure.model_copy(
        update={
            "standing_officers": (),
            "standing_officer": await _leader(connection, agency, procedure.standing_officers),
            "silent_officers": (),
            "silent_officer": await _leader(connection, agency, procedure.silent_officers),
        }
    )


async def _leader(connection: Connection, agency: str | None, named: tuple[str, ...]) -> str | None:
    """The one of those named who is a leader of this agency."""
    if not named:
        return None
    found: str | None = await connection.fetchval(
        "select subject from officer where agency = $1 and subject = any($2) and role = $3 and active order by subject",
        agency,
        list(named),
        Role.LEADER,
    )
    return found
