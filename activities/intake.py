"""What a filing needs to know before it begins, and what a payment asks before it gives money back: database reads."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import asyncpg
from temporalio import activity

from activities.database import ACQUIRE_SECONDS, Connection, unreachable
from schemas.base import Model
from schemas.people import Role
from schemas.procedure import ProcedureRules


class Wanted(Model):
    """The procedure that a submission names; without a version the current one."""

    filing_id: UUID
    code: str
    version: str | None = None
    agency: str


class Opened(Model):
    """The procedure and the agency's queue; None for what there is not."""

    procedure: ProcedureRules | None = None
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
                pinned = await connection.fetchval(
                    "select version from filing where filing_id = $1 and procedure = $2", wanted.filing_id, wanted.code
                )
                rules = await connection.fetchval(
                    "select rules from procedure where code = $1 and (version = $2 or ($2 is null and not demo)) "
                    "order by published_at desc limit 1",
                    wanted.code,
                    pinned or wanted.version,
                )
                queue = await connection.fetchval("select queue from agency where agency = $1", wanted.agency)
                procedure = ProcedureRules.model_validate_json(rules) if rules is not None else None
                if procedure is not None:
                    procedure = await _accountable(connection, procedure, wanted.agency)
        return Opened(procedure=procedure, queue=queue)

    @activity.defn(name="intake.closed")
    async def closed(self, filing_id: UUID) -> bool:
        """Whether the record says that this filing has ended."""
        with unreachable():
            async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                found = await connection.fetchval(
                    "select closed_at is not null from filing where filing_id = $1", filing_id
                )
        return bool(found)


async def _accountable(connection: Connection, procedure: ProcedureRules, agency: str) -> ProcedureRules:
    """The rules with the agency's own officers who answer for what is approved by an order or by silence."""
    return procedure.model_copy(
        update={
            "standing_officers": (),
            "standing_officer": await _leader(connection, agency, procedure.standing_officers),
            "silent_officers": (),
            "silent_officer": await _leader(connection, agency, procedure.silent_officers),
        }
    )


async def _leader(connection: Connection, agency: str, named: tuple[str, ...]) -> str | None:
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
