"""Prints the file of a result by its procedure's template, if the platform prints it instead of a back office."""

import asyncio
from typing import Any, Final

from temporalio import activity

from activities.ledger.database import Pool, acquired
from activities.ledger.vault import Vault
from activities.partners.instructions import Instruction, Instructions, NotOrderedError
from activities.printing.source import letterheads, officers
from activities.printing.templates import printed
from activities.procedures import Procedures
from activities.results.entry import signers_of
from activities.support.failpoint import failpoint
from activities.support.heartbeat import heartbeat
from activities.support.keep import Keep
from rules.filing import evidence
from rules.filing.projections import issue_request
from rules.papers.result import ResultSource, result_sheet
from rules.papers.sheets.made import plain
from rules.require import require
from rules.result.kind import make_request
from rules.streams import FILING, RESULT
from schemas.backoffice import IssueAnswer, IssueRequest
from schemas.base import Instant
from schemas.filing.events import Outcome
from schemas.names import ROLE_NAMES
from schemas.papers.sheet import Letterhead, Signatory
from schemas.translate import said

PRINT: Final = "result.print"


class ResultPrinting:
    """Prints results. `tracking` is the web address of a filing's tracking page, with `{code}` in it."""

    def __init__(self, pool: Pool, orders: Instructions, vault: Vault, keep: Keep, tracking: str | None) -> None:
        self._pool = pool
        self._orders = orders
        self._vault = vault
        self._keep = keep
        self._tracking = tracking
        self._procedures = Procedures(pool)

    @activity.defn(name=PRINT)
    async def print(self, order: Instruction) -> IssueAnswer:
        """Prints the result as a PDF; a refusal as a notice of refusal, which uses no template.

        The request is read in the log of the filing or of the result; the same request gives the same file. After a
        failure the team lead is notified and the activity retried. Raises `NotOrderedError`.
        """
        request, at = await self._ordered(order)
        dossier = request.dossier
        source = await self._source(request, at)
        template = source.procedure.result.template if request.outcome is Outcome.APPROVED else None
        async with acquired(self._pool) as connection:
            key = require(await self._vault.find(connection, dossier.filing_id))
        salt = key.salt(f"result\n{request.request_id}")
        async with heartbeat(every=2):
            file = await asyncio.to_thread(printed, result_sheet(source), at, template, salt)
        failpoint("result.printed")
        answer = IssueAnswer(result=await self._keep(dossier.filing_id, file, "application/pdf"))
        await self._orders.findings.keep(order.stream, evidence.printed(answer))
        return answer

    async def _ordered(self, order: Instruction) -> tuple[IssueRequest, Instant]:
        """Returns the current request to a back office, and its time, which the file gives as its creation time."""
        of_result = order.stream.startswith(f"{RESULT.name}:")

        def asks(state: Any) -> IssueRequest | None:
            if of_result:
                return make_request(state) if state.order and state.order.by_template else None
            return issue_request(state) if state.procedure.by_template else None

        read = await self._orders.read(order, RESULT if of_result else FILING)
        due, seen = asks(read.state), asks(read.seen)
        if due is None or seen is None or seen.request_id != due.request_id:
            raise NotOrderedError(order)
        asked = zip(read.log.events, map(asks, read.log.states()), strict=True)
        return due, next(recorded.at for recorded, one in asked if one and one.request_id == due.request_id)

    async def _source(self, request: IssueRequest, at: Instant) -> ResultSource:
        dossier = request.dossier
        procedure = await self._procedures.published(dossier.procedure, dossier.version)
        async with acquired(self._pool) as connection:
            heads = await letterheads(connection, [dossier.agency])
            names = await officers(connection, [dossier.agency])
            signing = await signers_of(connection, dossier.agency) if request.number else []
        return ResultSource(
            request=request,
            procedure=procedure,
            issuer=heads.get(dossier.agency) or Letterhead(name=plain(dossier.agency)),
            officer=names.get(request.officer),
            signers=tuple(
                Signatory(title=ROLE_NAMES[one.role], how=said("paper.signed_digitally"), name=names.get(one.officer))
                for one in signing
            ),
            at=at,
            tracking=self._tracking,
        )
