"""Activities that read a filing's log for a complaint about it."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from temporalio import activity

from activities.identity import Guard, heard
from activities.ledger.database import ACQUIRE_SECONDS, Connection, Pool, mask_database_errors
from activities.ledger.vault import Vault
from rules.complaint.grounds import grounds
from rules.filing.reopening import stands
from rules.stream_kind import Kinds
from schemas.base import Model
from schemas.complaint.state import Grounds
from schemas.errors import Refusal, RefusalError
from schemas.identity.statement import Spoken
from schemas.ids import complaint_workflow, filing_workflow
from views.applicant import complaints_of
from views.log import Log


class Disputed(Model):
    """Input of both activities: the filing's `n`-th complaint, and the event that it is `about`.

    `spoken` is the complaint as a signed message, to verify its sender.
    """

    filing_id: UUID
    n: int
    about: int
    spoken: Spoken | None = None


class Remedy(Model):
    """The state of an act that a complaint has undone.

    `reopened`: the filing has restarted for it. `stands`: the act is still in effect. `closed`: the filing has ended.
    """

    reopened: bool
    stands: bool
    closed: bool


class Complaints:
    """Reads filings for complaints about them."""

    def __init__(self, pool: Pool, vault: Vault, kinds: Kinds, guard: Guard | None = None) -> None:
        self._pool = pool
        self._guard = guard
        self._vault = vault
        self._kinds = kinds

    @activity.defn(name="complaint.grounds")
    async def grounds(self, asked: Disputed) -> Grounds | Refusal | None:
        """Returns the grounds of a complaint: the act, the people who may complain, the deadline.

        None for an unknown filing. The refusal of the sender instead; raises the errors of `heard` with retry.
        """
        with mask_database_errors():
            async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                try:
                    await self._heard(connection, asked)
                except RefusalError as error:
                    return error.refusal
                log, stream = Log(connection, self._vault.find, self._kinds), filing_workflow(asked.filing_id)
                try:
                    told = await log.read(stream)
                except RefusalError:
                    return None
                others = [one for one in await complaints_of(log, stream) if one.n != asked.n]
                return grounds(told.before, told.events, tuple(told.states()), others, asked.about)

    async def _heard(self, connection: Connection, asked: Disputed) -> None:
        if self._guard is None:
            return
        of_filing, own = filing_workflow(asked.filing_id), complaint_workflow(asked.filing_id, asked.n)
        [[filed_by, known]] = await connection.fetch(_KNOWN, of_filing, own)
        heard(self._guard, asked.spoken, filed_by=filed_by, known=known)

    @activity.defn(name="complaint.remedy")
    async def remedy(self, asked: Disputed) -> Remedy:
        """Returns whether the filing has restarted for this complaint or ended, and whether the act is in effect."""
        with mask_database_errors():
            async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                log = Log(connection, self._vault.find, self._kinds)
                told = await log.read(filing_workflow(asked.filing_id))
        heard = any(one.event.kind == "reopened" and one.event.complaint == asked.n for one in told.events)
        return Remedy(reopened=heard, stands=stands(told.state, asked.about), closed=told.state.closed)


_KNOWN: Final = """
select (select split_part(via, '/', 1) from event where stream = $1 and seq = 1) as filed_by,
    exists (select from event where stream = $2) as known
"""
