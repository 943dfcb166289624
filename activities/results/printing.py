"""The file of a result that the platform prints by the template of its procedure, in the place of a back office."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

from temporalio import activity

from activities.beating import beating
from activities.failpoint import failpoint
from activities.ledger.database import ACQUIRE_SECONDS, Pool, mask_database_errors
from activities.ledger.vault import Vault
from activities.printing.printed import printed
from activities.printing.source import letterheads, officers
from activities.procedures import Procedures
from activities.results.register import signers_of
from rules.known import known
from rules.papers.result import ResultSource, result_sheet
from rules.papers.written import plain
from schemas.backoffice import IssueAnswer, IssueRequest
from schemas.base import Instant, Model
from schemas.files import FileRef
from schemas.filing.events import Outcome
from schemas.names import ROLE_NAMES
from schemas.papers_sheet import Letterhead, Signatory
from schemas.saying import said

PRINT: Final = "result.print"
_BEAT: Final = 2
"""Seconds between two signs of life."""

Keep = Callable[[UUID, bytes, str], Awaitable[FileRef]]
"""Keeps bytes as a file of a filing, with their media type."""


class PrintRequest(Model):
    """What a back office would be asked, and the moment `at` which the result says that it was made."""

    request: IssueRequest
    at: Instant


class ResultPrinting:
    """Prints results. `tracking` is the address where a filing is followed, with `{code}` in it."""

    def __init__(self, pool: Pool, vault: Vault, keep: Keep, tracking: str | None) -> None:
        self._pool = pool
        self._vault = vault
        self._keep = keep
        self._tracking = tracking
        self._procedures = Procedures(pool)

    @activity.defn(name=PRINT)
    async def print(self, asked: PrintRequest) -> IssueAnswer:
        """The result as a PDF, or the notice of refusal, which no template lays out; the same one for the same request.

        What can't be printed is tried again, and told to the team lead as if it were the agency's to mend.
        """
        dossier = asked.request.dossier
        source = await self._source(asked)
        template = source.procedure.result.template if asked.request.outcome is Outcome.APPROVED else None
        async with beating(_BEAT):
            made = await asyncio.to_thread(printed, result_sheet(source), asked.at, template, await self._salt(asked))
        failpoint("result.printed")
        return IssueAnswer(result=await self._keep(dossier.filing_id, made, "application/pdf"))

    async def _salt(self, asked: PrintRequest) -> str:
        with mask_database_errors():
            async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                key = known(await self._vault.find(connection, asked.request.dossier.filing_id))
        return key.salt(f"result\n{asked.request.request_id}")

    async def _source(self, asked: PrintRequest) -> ResultSource:
        dossier = asked.request.dossier
        procedure = await self._procedures.published(dossier.procedure, dossier.version)
        with mask_database_errors():
            async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                heads = await letterheads(connection, [dossier.agency])
                names = await officers(connection, [dossier.agency])
                signing = await signers_of(connection, dossier.agency) if asked.request.number else []
        return ResultSource(
            request=asked.request,
            procedure=procedure,
            issuer=heads.get(dossier.agency) or Letterhead(name=plain(dossier.agency)),
            officer=names.get(asked.request.officer),
            signers=tuple(
                Signatory(title=ROLE_NAMES[one.role], how=said("paper.signed_digitally"), name=names.get(one.officer))
                for one in signing
            ),
            at=asked.at,
            tracking=self._tracking,
        )
