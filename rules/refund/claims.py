"""Claims: whether a capture is owed, and the share of it that the procedure returns after the filing's end."""

from typing import Final

from rules.filing.fees.again import stays_paid
from rules.require import require
from schemas.filing.events import Outcome
from schemas.filing.state import Closing, Fee, FeeState, Filing
from schemas.ids import StreamId
from schemas.level import Channel
from schemas.payment.state import Capture, Payment, PaymentState
from schemas.publishing.fee import RefundCase
from schemas.refund.state import CAPTURES, WITHOUT_PROVIDER, CaptureTaken, Claim, RefundCause, RefundLine


def number_of(payment: int, ordinal: int) -> int:
    """The number of the refund for the `ordinal`-th capture in the log of the filing's n-th `payment`."""
    return payment * CAPTURES + ordinal


def payment_of(refund: StreamId) -> StreamId:
    """The payment that holds this refund's capture."""
    return StreamId("payment", refund.filing, refund.n // CAPTURES)


def capture_of(payment: Payment, refund: int) -> CaptureTaken | None:
    """The capture of the refund of this number; None if there is none."""
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
        due=require(payment.due),
        attempt=capture.attempt,
    )


def without_provider(refund: int) -> bool:
    """Whether the refund is of money paid at the counter or to the post."""
    return refund % CAPTURES == 0


def taken_without_provider(filing: Filing, refund: int) -> CaptureTaken | None:
    """The fee paid at the counter or to the post, as the capture of this refund; None if there is none."""
    fee = _paid_without_provider(filing, refund)
    if fee is None:
        return None
    at = require(filing.changed_at)
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
    """The claim that follows by rule: the reduction of the fee, and the share that the procedure returns."""
    fee = _paid_without_provider(filing, refund)
    return Claim() if fee is None else _of_fee(filing, fee)


def _paid_without_provider(filing: Filing, refund: int) -> Fee | None:
    paid = (fee for fee in filing.fees if fee.state is FeeState.PAID and fee.channel is not Channel.ONLINE)
    return next((fee for fee in paid if number_of(fee.n, 0) == refund), None)


def unowed(payment: Payment, capture: Capture) -> RefundCause | None:
    """The reason why this money is not owed; None if it pays the fee, or may still do so."""
    if capture.capture_id == payment.owed_capture:
        return None
    if payment.state is PaymentState.PENDING:
        return None if capture.amount < payment.amount else RefundCause.EXCESS
    return RefundCause.LATE if payment.owed_capture is None else RefundCause.SECOND


def claim(payment: Payment, refund: int, filing: Filing) -> Claim:
    """The claim that follows by rule for an existing capture."""
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
    """The officer who waived part of the fee. They can't be the only one who approves its refund."""
    return () if filing.waiver is None else (filing.waiver.officer,)


def _ended_by(filing: Filing, rule: RefundCase) -> tuple[str, ...]:
    """The officers whose act ended the filing. At most one of the two officers behind a refund may be among them."""
    if rule is RefundCase.REFUSED and filing.decision is not None:
        return tuple(one for one in (filing.decision.officer, filing.decision.acting_for) if one is not None)
    return () if filing.closed_by is None else (filing.closed_by,)


def ended_as(filing: Filing) -> RefundCase | None:
    """The end of the filing as a case of the refund rules; None while it is open, and after a delivered approval."""
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
    """The percentage that the procedure returns in this case; None if it has no rule for the case."""
    fee = filing.procedure.fee
    rules = () if fee is None else fee.refunds
    return next((one.percent for one in rules if one.case is rule), None)


def fees_returned(filing: Filing) -> dict[int, int]:
    """The sums in đồng to return after changes of the dossier, by fee; fees without such a sum are left out."""
    return {fee.n: fee.amount - fee.kept for fee in filing.fees if fee.returned}


def fees_to_return(filing: Filing) -> tuple[int, ...]:
    """The numbers of the fees to return, in whole or in part, after the filing's end.

    An online fee is included even if the procedure has no rule for this end, since a leader then decides.
    """
    rule = ended_as(filing)
    percent = None if rule is None else percent_of(filing, rule)
    if rule is None or percent == 0:
        return ()
    paid = (fee for fee in filing.fees if stays_paid(fee))
    return tuple(fee.n for fee in paid if fee.online or percent is not None)
