"""Prints results: by the procedure's template, a notice of refusal, or the text of a back office in our own layout."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from temporalio import activity

from activities.ledger.database import Connection, Pool, acquired
from activities.ledger.vault import Vault
from activities.partners.instructions import Instruction, Instructions, NotOrderedError
from activities.printing.source import communes, letterheads, officers
from activities.printing.templates import printed
from activities.procedures import Procedures
from activities.results.entry import signer_now
from activities.support.failpoint import failpoint
from activities.support.heartbeat import heartbeat
from activities.support.keep import Keep
from rules.filing import evidence
from rules.filing.conditions import communes_in
from rules.filing.projections import issue_request
from rules.papers.result import ResultSource, result_sheet
from rules.papers.sheets.made import plain
from rules.require import require
from rules.result.kind import make_request
from rules.streams import FILING, RESULT
from schemas.backoffice import IssueAnswer, IssueRequest
from schemas.base import Instant, Text
from schemas.filing.events import Outcome
from schemas.papers.sheet import Letterhead, Signatory
from schemas.result.state import SigningPlace
from schemas.translate import said

PRINT: Final = "result.print"
HEAD: Final = said("paper.head_of_agency")


class ResultPages:
    """Sets results in type. `tracking` is the web address of a filing's tracking page, with `{code}` in it."""

    def __init__(self, pool: Pool, vault: Vault, tracking: str | None) -> None:
        self._pool = pool
        self._vault = vault
        self._tracking = tracking
        self._procedures = Procedures(pool)

    async def page(self, request: IssueRequest, at: Instant, words: str | None = None) -> bytes:
        """Returns the result, created at `at`: by the procedure's template, or with the `words` of a back office.

        A refusal uses no template. The same arguments give the same file. Raises the errors of `printed`.
        """
        source = await self._source(request, at, words)
        by_template = words is None and request.outcome is Outcome.APPROVED
        template = source.procedure.result.template if by_template else None
        filing = request.dossier.filing_id
        async with acquired(self._pool) as connection:
            key = require(await self._vault.find(connection, filing))
        salt = key.salt(f"result\n{request.request_id}")
        return await asyncio.to_thread(printed, result_sheet(source), at, template, salt)

    async def _source(self, request: IssueRequest, at: Instant, words: str | None) -> ResultSource:
        dossier = request.dossier
        procedure = await self._procedures.published(dossier.procedure, dossier.version)
        async with acquired(self._pool) as connection:
            heads = await letterheads(connection, [dossier.agency])
            names, above = await officers(connection, [dossier.agency])
            places = await communes(connection, communes_in(dossier.form).values())
            signer = await _signatory(connection, dossier.agency, names, above) if request.number else None
        return ResultSource(
            request=request,
            procedure=procedure,
            issuer=heads.get(dossier.agency) or Letterhead(name=plain(dossier.agency)),
            officer=names.get(request.officer),
            title=above.get(request.officer, HEAD),
            signer=signer,
            communes=places,
            at=at,
            tracking=self._tracking,
            words=words,
        )


async def _signatory(
    connection: Connection, agency: str, names: Mapping[str, str], above: Mapping[str, Text]
) -> Signatory | None:
    """Returns the officer who signs the agency's results now; None if only the seal is put on.

    A substitute signs with their own power and title (Decree 30/2020 annex I).
    """
    now = await signer_now(connection, agency, SigningPlace.SIGNATURE)
    if now is None:
        return None
    by = now.signatory.officer
    return Signatory(title=above.get(by, HEAD), how=said("paper.signed_digitally"), name=names.get(by))


class ResultPrinting:
    """Prints the results that no back office makes."""

    def __init__(self, orders: Instructions, pages: ResultPages, keep: Keep) -> None:
        self._orders = orders
        self._pages = pages
        self._keep = keep

    @activity.defn(name=PRINT)
    async def print(self, order: Instruction) -> IssueAnswer:
        """Prints the result as a PDF; a refusal as a notice of refusal, which uses no template.

        The request is read in the log of the filing or of the result; the same request gives the same file. After a
        failure the team lead is notified and the activity retried. Raises `NotOrderedError`.
        """
        request, at = await self._ordered(order)
        async with heartbeat(every=2):
            file = await self._pages.page(request, at)
        failpoint("result.printed")
        answer = IssueAnswer(result=await self._keep(request.dossier.filing_id, file, "application/pdf"))
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
