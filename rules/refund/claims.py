"""What the logs say about a capture: whether anybody owes it, and what the procedure says of a filing that ended so."""

from __future__ import annotations

from typing import Final

from rules.filing.fees.again import stays_paid
from rules.known import known
from schemas.filing.events import Outcome
from schemas.filing.state import Closing, Fee, FeeState, Filing
from schemas.ids import StreamId
from schemas.level import Channel
from schemas.payment.state import Capture, Payment, PaymentState
from schemas.publishing.fee import RefundCase
from schemas.refund.state import CAPTURES, WITHOUT_PROVIDER, CaptureTaken, Claim, RefundCause, RefundLine


def number_of(payment: int, ordinal: int) -> int:
    """The number of the refund of a payment's capture, the `ordinal`-th in its log."""
    return payment * CAPTURES + ordinal


def payment_of(refund: StreamId) -> StreamId:
    """The payment of whose capture this refund is."""
    return StreamId("payment", refund.filing, refund.n // CAPTURES)


def capture_of(payment: Payment, refund: int) -> CaptureTaken | None:
    """The capture that a refund of this number is about; None if there is none."""
    ordinal = refund % CAPTURES
    if not 0 < ordinal <= len(payment.captures):
        return None
    capture = payment.captures[ordinal - 1]
    request = payment.attempts[(capture.attempt or 1) - 1]
    return CaptureTaken(
        payment=payment.n,
        capture_id=capture.capture_id,
        amount=capture.amount,
        provider=request.provider,
        asked=payment.amount,
        description=payment.description,
        requested_at=request.requested_at,
        due=known(payment.due),
        attempt=capture.attempt,
    )


def without_provider(refund: int) -> bool:
    """Whether it is of what was paid at the counter, or to the post."""
    return refund % CAPTURES == 0


def taken_without_provider(filing: Filing, refund: int) -> CaptureTaken | None:
    """What was paid for a fee at the counter, or to the post, as the money that this refund is about."""
    fee = _paid_without_provider(filing, refund)
    if fee is None:
        return None
    at = known(filing.changed_at)
    return CaptureTaken(
        payment=fee.n,
        capture_id=WITHOUT_PROVIDER,
        amount=fee.amount,
        provider=WITHOUT_PROVIDER,
        asked=fee.amount,
        description="",
        requested_at=at,
        due=at,
    )


def claim_without_provider(filing: Filing, refund: int) -> Claim:
    """What is to go back of it by itself: what the fee became less, and what the procedure writes."""
    fee = _paid_without_provider(filing, refund)
    return Claim() if fee is None else _of_fee(filing, fee)


def _paid_without_provider(filing: Filing, refund: int) -> Fee | None:
    paid = (fee for fee in filing.fees if fee.state is FeeState.PAID and fee.channel is not Channel.ONLINE)
    return next((fee for fee in paid if number_of(fee.n, 0) == refund), None)


def unowed(payment: Payment, capture: Capture) -> RefundCause | None:
    """Why nobody owes any of this money; None if it is the fee's, or may become it."""
    if capture.capture_id == payment.owed_capture:
        return None
    if payment.state is PaymentState.PENDING:
        return None if capture.amount < payment.amount else RefundCause.EXCESS
    return RefundCause.LATE if payment.owed_capture is None else RefundCause.SECOND


def claim(payment: Payment, refund: int, filing: Filing) -> Claim:
    """What is to go back of a capture that is there, by itself."""
    capture = payment.captures[refund % CAPTURES - 1]
    return _claim(payment, capture, filing).model_copy(update={"charged_back": payment.taken_back(capture)})


def _claim(payment: Payment, capture: Capture, filing: Filing) -> Claim:
    fee = next((one for one in filing.fees if one.n == payment.n), None)
    if (why := unowed(payment, capture)) is not None:
        return Claim(unowed=why, ended=_waived_by(filing) if fee and fee.state is FeeState.WAIVED else ())
    if capture.capture_id != payment.owed_capture:
        return Claim(short=True)
    excess = payment.unowed(capture)
    of_fee = _of_fee(filing, fee) if fee and fee.state is FeeState.PAID else Claim()
    return of_fee.model_copy(update={"excess": excess})


def _of_fee(filing: Filing, fee: Fee) -> Claim:
    returned = tuple(RefundLine(code=share.code, amount=share.amount) for share in fee.returned)
    waived_by = _waived_by(filing) if returned else ()
    so_far = Claim(returned=returned, ended=waived_by, reopened=filing.reopened)
    rule = ended_as(filing)
    if rule is None:
        return so_far
    ended = tuple(dict.fromkeys((*_ended_by(filing, rule), *waived_by)))
    return so_far.model_copy(update={"rule": rule, "percent": percent_of(filing, rule), "ended": ended})


def _waived_by(filing: Filing) -> tuple[str, ...]:
    """Who let the applicant off a part of the fee: what goes back of it for that, they do not give back alone."""
    return () if filing.waiver is None else (filing.waiver.officer,)


def _ended_by(filing: Filing, rule: RefundCase) -> tuple[str, ...]:
    """By whose act the filing ended so, and in whose place: one of them alone is not two who give money back."""
    if rule is RefundCase.REFUSED and filing.decision is not None:
        return tuple(one for one in (filing.decision.officer, filing.decision.acting_for) if one is not None)
    return () if filing.closed_by is None else (filing.closed_by,)


def ended_as(filing: Filing) -> RefundCase | None:
    """What became of the filing, as refund rules name it; None while it goes on, and where it had its result."""
    match filing.closing:
        case Closing.WITHDRAWN:
            before = filing.accepted_at is None
            return RefundCase.WITHDRAWN_BEFORE_ACCEPTANCE if before else RefundCase.WITHDRAWN_AFTERWARDS
        case Closing.DELIVERED:
            refused = filing.decision is not None and filing.decision.outcome is Outcome.REFUSED
            return RefundCase.REFUSED if refused else None
        case None:
            return None
        case closing:
            return _ENDINGS.get(closing)


_ENDINGS: Final = {
    Closing.INTAKE_REFUSED: RefundCase.REFUSED_AT_INTAKE,
    Closing.SUPPLEMENT_EXPIRED: RefundCase.SUPPLEMENT_EXPIRED,
    Closing.FEE_EXPIRED: RefundCase.FEE_EXPIRED,
    Closing.STOPPED: RefundCase.STOPPED,
}


def percent_of(filing: Filing, rule: RefundCase) -> int | None:
    """How much the procedure gives back then; None if it does not say."""
    fee = filing.procedure.fee
    rules = () if fee is None else fee.refunds
    return next((one.percent for one in rules if one.case is rule), None)


def fees_returned(filing: Filing) -> dict[int, int]:
    """How many đồng of each fee go back by changes of the dossier; those of which nothing does are left out."""
    return {fee.n: fee.amount - fee.kept for fee in filing.fees if fee.returned}


def fees_to_return(filing: Filing) -> tuple[int, ...]:
    """The numbers of the fees of which something goes back by how the filing ended.

    Of what a payment asked for it may too, where the procedure says nothing of it: a leader decides.
    """
    rule = ended_as(filing)
    percent = None if rule is None else percent_of(filing, rule)
    if rule is None or percent == 0:
        return ()
    paid = (fee for fee in filing.fees if stays_paid(fee))
    return tuple(fee.n for fee in paid if fee.online or percent is not None)
