"""Receipts for money: the issue of the receipt that an event causes, and the voiding of receipts.

If no service assigns the numbers, the append assigns the next number of the agency's own series. The event that records
a receipt's number also causes the printing of the receipt. The receipts of a fee whose money is gone, refunded in full
or charged back by the payer's bank, are voided.
"""

from http import HTTPStatus
from typing import Any, Final

from activities.ledger.append import Ledger
from activities.ledger.database import Pool
from activities.ledger.recording import record, state_if_begun, state_of
from activities.partners.http import RejectedError
from activities.partners.receipts import NoReceiptServiceError, Order, ReceiptService
from activities.procedures import Procedures
from activities.support.failpoint import failpoint
from rules.causes import RECEIPT_OF
from rules.money_receipts import gone, gone_without_provider, issued_for, lines_of, number_given, registered, valid
from rules.refund.claims import number_of
from rules.require import require
from rules.stream_kind import Origin
from rules.streams import PAPERS
from schemas.filing.events import FeePaid
from schemas.filing.state import Filing
from schemas.ids import StreamId, filing_workflow, payment_workflow, refund_workflow
from schemas.papers.commands import IssueReceipt, VoidByItself
from schemas.papers.events import ReceiptVoided
from schemas.papers.state import OfficialPapers, ReceiptSeries
from schemas.payment.state import Payment
from schemas.people import Role
from schemas.publishing.fee import FeeKind
from schemas.refund.state import Refund
from schemas.stream.ledger import About
from views.log import Connection, Log, LoggedStream
from views.registers.papers import receipt_of


class NumberTakenError(Exception):
    """The service has assigned a number that another receipt already has."""


class Issuing:
    """Issues receipts, with numbers of the agencies' own series or of the `service`."""

    def __init__(self, pool: Pool, ledger: Ledger, service: ReceiptService | None) -> None:
        self._procedures = Procedures(pool)
        self._ledger = ledger
        self._set_up = service

    @property
    def _service(self) -> ReceiptService:
        if self._set_up is None:
            raise NoReceiptServiceError
        return self._set_up

    async def issue(self, log: Log, origin: Origin, told: LoggedStream, of: FeeKind) -> None:
        """Issues the receipt of the kind `of` that the last event causes, if any, unless it is issued already.

        Issues no receipt if the money is gone, unless the service has issued one already. Raises `UnreachableError` and
        `RejectedError`, like every partner; `NoReceiptServiceError`; `NumberTakenError`; and `RefusalError` if another
        process was faster.
        """
        about = About(stream=told.stream, seq=told.events[-1].seq)
        papers: OfficialPapers = await state_of(log, PAPERS, origin)
        if issued_for(papers.receipts, about, of) is not None:
            return
        said = await self._content(told, papers, of)
        if said is None or (
            await _is_gone(log, told, said["fee"]) and not await self._given_unheard(log, origin, about, of)
        ):
            return
        series, number = await self._issued(log, origin, about, of, said)
        command = IssueReceipt(
            command_id=f"number:{_key(about, of).replace(str(origin.stream.filing), '')}",
            of=of,
            series=series,
            given=number,
            about=about,
            agency=origin.agency,
            **said,
        )
        await record(self._ledger, log, PAPERS, origin, command)
        failpoint("receipts.recorded")

    async def _content(self, told: LoggedStream, papers: OfficialPapers, of: FeeKind) -> dict[str, Any] | None:
        """Returns the content of the receipt of the kind `of` that the last event causes; None if it causes none.

        If the event voids a receipt, also voids its number at the service that assigned it, and returns the content of
        the replacing receipt; None if no receipt replaces it.
        """
        match told.events[-1].event:
            case FeePaid() as paid:
                return await self._paid(told, paid, of)
            case ReceiptVoided() as event:
                void = require(registered(papers.receipts, event.registered))
                if void.given:
                    await self._service.void(_key(void.about, of))
                if not event.again:
                    return None
                names = ("fee", "lines", "channel", "means", "officer")
                return {name: getattr(void, name) for name in names} | {"replaces": void.registered}
            case _:
                return None

    async def _given_unheard(self, log: Log, origin: Origin, about: About, of: FeeKind) -> bool:
        """Voids the receipt at the service. Returns True if the service had issued it, but the answer was lost.

        Such a receipt must still be recorded: else the money's refund or charge-back can't void it in the record.
        """
        if (await series_of(log.connection, origin.agency)).issuer != "service":
            return False
        try:
            await self._service.void(_key(about, of))
        except RejectedError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return False
        return True

    async def _issued(
        self, log: Log, origin: Origin, about: About, of: FeeKind, said: dict[str, Any]
    ) -> tuple[str, str | None]:
        """Returns series and number; the number is None if the append is to assign it. Raises `NumberTakenError`."""
        series = await series_of(log.connection, origin.agency)
        if series.issuer == "own":
            return series.symbol(of), None
        filing: Filing = (await log.read(filing_workflow(origin.stream.filing))).state
        order = Order(
            agency=origin.agency,
            kind=of,
            amount=sum(line.amount for line in said["lines"]),
            lines=said["lines"],
            payer=require(filing.applicant).name,
            code=require(filing.code),
            replaces=said.get("replaces"),
        )
        given = await self._service.issue(_key(about, of), order)
        if await receipt_of(log.connection, number_given(origin.agency, given.series, given.number)) is not None:
            raise NumberTakenError
        failpoint("receipts.given")
        return given.series, given.number

    async def _paid(self, told: LoggedStream, paid: FeePaid, of: FeeKind) -> dict[str, Any] | None:
        """Returns the content of the receipt for a paid fee; None if no item of the fee is of the kind `of`."""
        filing: Filing = told.state
        procedure = await self._procedures.published(filing.procedure.code, filing.procedure.version)
        items = procedure.fee.items if procedure.fee else ()
        lines = lines_of(of, paid.amount, filing.fees[paid.n - 1].lines, {item.code: item.kind for item in items})
        if not lines:
            return None
        actor = told.events[-1].actor
        cashier = actor.subject if actor.role is Role.CASHIER else None
        return {"fee": paid.n, "lines": lines, "channel": paid.channel, "means": paid.means, "officer": cashier}


async def _is_gone(log: Log, told: LoggedStream, fee: int) -> bool:
    """Returns whether the money that paid this fee is gone completely. If so, no receipt is issued any more."""
    filing = StreamId.parse(told.stream).filing
    payment: Payment | None = await state_if_begun(log, payment_workflow(filing, fee))
    if payment is not None and gone(payment) is not None:
        return True
    refund: Refund | None = await state_if_begun(log, refund_workflow(filing, number_of(fee, 0)))
    return refund is not None and gone_without_provider(refund) is not None


def _key(about: About, of: FeeKind) -> str:
    return f"{about.stream}:{about.seq}:{of}"


async def series_of(connection: Connection, agency: str) -> ReceiptSeries:
    """Returns the series of receipts in the directory's entry of the agency, or the default series."""
    said = await connection.fetchval("select receipts from agency where agency = $1", agency)
    return ReceiptSeries() if said is None else ReceiptSeries.model_validate_json(said)


class NotIssuedYetError(Exception):
    """The money is gone, but its receipt is not issued yet. The receipt will be voided once it exists."""


async def void_gone(ledger: Ledger, log: Log, origin: Origin, told: LoggedStream, of: FeeKind) -> None:
    """Voids a fee's receipts, those of the kind `of`, if its money was refunded or charged back in full.

    `told` is the payment or the refund whose state shows that.

    Raises `NotIssuedYetError` while a receipt may still come, and `RefusalError` if another process was faster.
    """
    state: Payment | Refund = told.state
    if isinstance(state, Payment):
        fee, cause = state.n, gone(state)
    else:
        fee, cause = require(state.capture).payment, gone_without_provider(state)
    if cause is None:
        return
    streams = [filing_workflow(origin.stream.filing), str(origin.stream)]  # of a paid fee, of a void receipt
    coming = await log.connection.fetchval(_COMING, origin.stream.filing, streams, RECEIPT_OF[of])
    papers: OfficialPapers = await state_of(log, PAPERS, origin)
    for receipt in valid(papers.receipts, fee, of):
        command_id = f"void:{of}:{receipt.seq}"
        command = VoidByItself(command_id=command_id, registered=receipt.registered, cause=cause)
        await record(ledger, log, PAPERS, origin, command)
    if coming:
        raise NotIssuedYetError


_COMING: Final = """
select exists (
    select from outbox join event using (stream, seq)
    where outbox.filing_id = $1 and outbox.stream = any($2) and paper = $3 and event.kind <> 'receipt_issued'
)
"""
