"""Voids the receipts of a fee whose money is gone: refunded in full, or charged back by the payer's bank."""

from typing import Final

from activities.ledger.append import Ledger
from activities.ledger.recording import record, state_of
from rules.causes import RECEIPT_OF
from rules.money_receipts import gone, gone_without_provider, valid
from rules.require import require
from rules.stream_kind import Origin
from rules.streams import PAPERS
from schemas.ids import filing_workflow
from schemas.papers.commands import VoidByItself
from schemas.papers.state import OfficialPapers, VoidCause
from schemas.payment.state import Payment
from schemas.publishing.fee import FeeKind
from schemas.refund.state import Refund
from views.log import Log, Told


class NotIssuedYetError(Exception):
    """The receipt for money that is gone is not issued yet. It will be voided once it exists."""


async def void_gone(ledger: Ledger, log: Log, origin: Origin, told: Told, of: FeeKind) -> None:
    """Voids all receipts of this kind for the money of a stream, if nothing of that money is left.

    The money is that of a payment, or of a refund without a payment. Raises `NotIssuedYetError` while a receipt may
    still be issued, and `RefusalError` if another process was faster.
    """
    fee, cause = _gone(told.state)
    if cause is None:
        return
    coming = await log.connection.fetchval(_COMING, origin.stream.filing, _streams(origin), RECEIPT_OF[of])
    papers: OfficialPapers = await state_of(log, PAPERS, origin)
    for receipt in valid(papers.receipts, fee, of):
        command_id = f"void:{of}:{receipt.seq}"
        command = VoidByItself(command_id=command_id, registered=receipt.registered, cause=cause)
        await record(ledger, log, PAPERS, origin, command)
    if coming:
        raise NotIssuedYetError


def _gone(state: Payment | Refund) -> tuple[int, VoidCause | None]:
    """Returns the number of the fee that the money paid, and the cause if nothing of the money is left."""
    if isinstance(state, Payment):
        return state.n, gone(state)
    return require(state.capture).payment, gone_without_provider(state)


def _streams(origin: Origin) -> list[str]:
    """Returns the streams whose events cause receipts: a paid fee, or the replacement of a void receipt."""
    return [filing_workflow(origin.stream.filing), str(origin.stream)]


_COMING: Final = """
select exists (
    select from outbox join event using (stream, seq)
    where outbox.filing_id = $1 and outbox.stream = any($2) and paper = $3 and event.kind <> 'receipt_issued'
)
"""
