"""Claims to captured money: whether it is owed, and the sums to return after a lower fee or the filing's end."""

from collections import Counter
from collections.abc import Collection, Mapping
from itertools import takewhile
from types import MappingProxyType
from typing import Final

from rules.filing.fees.assessment import stays_paid, taken_off
from rules.money_receipts import apportioned
from rules.payment.fold import parts
from rules.refund import fold
from rules.require import require
from schemas.base import AgencyCode
from schemas.filing.events import Outcome
from schemas.filing.state import Closing, Fee, FeeState, Filing
from schemas.ids import StreamId, fee_key
from schemas.level import Channel
from schemas.payment.state import Capture, Payment, PaymentState
from schemas.people import Role
from schemas.publishing.fee import RefundCase
from schemas.publishing.procedure import Act
from schemas.refund import state as st
from schemas.refund.events import RefundCalledOff
from schemas.refund.state import CaseState, Claim, Refund, RefundCause, RefundEntry


def number_of(payment: int, ordinal: int) -> int:
    """The number of a capture's refund. `ordinal`: the capture's place, from 1, in the log of the payment `payment`."""
    return payment * st.CAPTURES + ordinal


def payment_of(refund: StreamId) -> StreamId:
    """The payment whose capture this refund is about."""
    return StreamId("payment", refund.filing, refund.n // st.CAPTURES)


def capture_of(payment: Payment, refund: int) -> st.CaptureTaken | None:
    """The capture that the refund numbered `refund` is about; None if there is no such capture."""
    ordinal = refund % st.CAPTURES
    if not 0 < ordinal <= len(payment.captures):
        return None
    capture = payment.captures[ordinal - 1]
    request = payment.attempts[(capture.attempt or 1) - 1]
    return st.CaptureTaken(
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
    return refund % st.CAPTURES == 0


def taken_without_provider(filing: Filing, refund: int) -> st.CaptureTaken | None:
    """The fee paid at the counter or to the post, in the form of a capture; None if this refund has no such fee."""
    fee = _paid_without_provider(filing, refund)
    if fee is None:
        return None
    at = require(filing.changed_at)
    return st.CaptureTaken(
        payment=fee.n,
        capture_id=st.WITHOUT_PROVIDER,
        amount=fee.amount,
        provider=st.WITHOUT_PROVIDER,
        asked=fee.amount,
        description="",
        requested_at=at,
        due=at,
    )


def taken_by(filing: Filing, refund: int) -> AgencyCode:
    """The agency that received the fee at the counter or through the post, even if the filing was passed on since."""
    fee = _paid_without_provider(filing, refund)
    return filing.agency if fee is None or fee.agency is None else fee.agency


def claim_without_provider(filing: Filing, refund: int) -> Claim:
    """The claim about a fee that was paid at the counter or to the post; an empty claim if there is no such fee."""
    fee = _paid_without_provider(filing, refund)
    return Claim() if fee is None else _of_fee(filing, fee)


def _paid_without_provider(filing: Filing, refund: int) -> Fee | None:
    paid = (fee for fee in filing.fees if fee.state is FeeState.PAID and fee.channel is not Channel.ONLINE)
    return next((fee for fee in paid if number_of(fee.n, 0) == refund), None)


def unowed(payment: Payment, capture: Capture) -> RefundCause | None:
    """The reason why captured money is not owed; None if the money pays the fee, or may still pay it."""
    if capture in payment.counted:
        return None
    if payment.state is PaymentState.PENDING:
        return None if capture.amount < payment.amount else RefundCause.EXCESS
    return RefundCause.LATE if payment.owed_capture is None else RefundCause.SECOND


def claim(
    payment: Payment,
    refund: int,
    filing: Filing,
    going: Collection[str] = (),
    refunds: Mapping[int, Refund] = MappingProxyType({}),
) -> Claim:
    """The claim about the capture of the refund numbered `refund`, calculated from the payment and the filing.

    `going` are the captures with a refund, paid or under way: their money does not settle the fee. `refunds` maps the
    numbers of the payment's refunds to the refunds.
    """
    capture = payment.captures[refund % st.CAPTURES - 1]
    others = (one for one in parts(payment, going) if one != capture)
    found = _claim(payment, capture, filing, sum(one.amount for one in others))
    elsewhere = _requested_elsewhere(payment, refund, filing, refunds)
    return found.model_copy(update={"charged_back": payment.taken_back(capture), "elsewhere": elsewhere})


def together(payment: Payment, refund: int) -> tuple[int, ...]:
    """The numbers of the refunds of all captures that paid the fee together.

    Empty if this refund's capture paid the fee alone, or paid no part of the fee.
    """
    numbers = tuple(number_of(payment.n, payment.captures.index(one) + 1) for one in payment.counted)
    return numbers if refund in numbers and len(numbers) > 1 else ()


def _requested_elsewhere(payment: Payment, refund: int, filing: Filing, refunds: Mapping[int, Refund]) -> int:
    """The sum by which officers' requests on the fee's other captures exceed the refunds due on those captures.

    This sum first reduces the refunds of earlier captures; only its remainder counts for this refund.
    """
    numbers = together(payment, refund)
    rests = {n: _rest(payment, n, filing, refunds) for n in numbers if n != refund}
    beyond = sum(-rest for rest in rests.values() if rest < 0)
    return max(beyond - sum(max(rests[n], 0) for n in takewhile(refund.__ne__, numbers)), 0)


def _rest(payment: Payment, n: int, filing: Filing, refunds: Mapping[int, Refund]) -> int:
    """The refund of a capture still due by law, in đồng, less officers' requests on it; the result may be below 0."""
    begun = Refund(filing_id=payment.filing_id, n=n, agency=payment.agency, capture=capture_of(payment, n))
    refund, claim = refunds.get(n, begun), _claim(payment, payment.captures[n % st.CAPTURES - 1], filing, 0)
    due = _reduced(refund, claim) + max(_share(refund, claim), 0)
    return due - fold.still_to_go(refund, RefundCause.REQUEST)


def _claim(payment: Payment, capture: Capture, filing: Filing, beside: int) -> Claim:
    fee = next((one for one in filing.fees if one.n == payment.n), None)
    if (why := unowed(payment, capture)) is not None:
        return Claim(unowed=why, ended=_waived_by(filing) if fee and fee.state is FeeState.WAIVED else ())
    if capture not in payment.counted:
        return Claim(short=True, beside=beside)
    of_fee = _of_fee(filing, fee) if fee and fee.state is FeeState.PAID else Claim()
    paid = {"excess": payment.unowed(capture), "before": payment.paid_before(capture)}
    return of_fee.model_copy(update=paid)


def _of_fee(filing: Filing, fee: Fee) -> Claim:
    returned = tuple(st.RefundLine(code=share.code, amount=share.amount) for share in fee.returned)
    waived_by = _waived_by(filing) if returned else ()
    so_far = Claim(returned=returned, ended=waived_by, reopened=filing.reopened)
    rule = ended_as(filing)
    if rule is None:
        return so_far
    decision = filing.decision if rule is RefundCase.REFUSED else None
    acted = (filing.closed_by,) if decision is None else (decision.officer, decision.acting_for)
    # at most one of the two officers behind a refund may be among those whose act ended the filing
    ended = tuple(dict.fromkeys((*(one for one in acted if one is not None), *waived_by)))
    by_leader = rule is RefundCase.STOPPED or (decision is not None and _decides(filing) is Role.LEADER)
    by_rule = {"rule": rule, "percent": percent_of(filing, rule), "ended": ended, "by_leader": by_leader}
    return so_far.model_copy(update=by_rule)


def _decides(filing: Filing) -> Role | None:
    """The role of the officers who decide the filing; None if only a standing order decides it."""
    return next((step.role for step in filing.procedure.review if step.act is Act.DECIDE), None)


def _waived_by(filing: Filing) -> tuple[str, ...]:
    """The officer who waived part of the fee, if any. This officer may not approve the refund of the fee."""
    return () if filing.waiver is None else (filing.waiver.officer,)


def ended_as(filing: Filing) -> RefundCase | None:
    """The refund case for the filing's end; None if the filing is open, or if it ended with a delivered approval."""
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
    Closing.LAPSED: RefundCase.LAPSED,
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

    An online fee for which the procedure has no rule is included: a leader decides about it.
    """
    rule = ended_as(filing)
    percent = None if rule is None else percent_of(filing, rule)
    if rule is None or percent == 0:
        return ()
    paid = (fee for fee in filing.fees if stays_paid(fee))
    return tuple(fee.n for fee in paid if fee.online or percent is not None)


def to_open(refund: Refund, claim: Claim) -> tuple[st.RefundLine, ...]:
    """The part of the fee's reduction, by item, that no refund case covers yet; at most the money that is left."""
    amounts: Counter[str] = Counter()
    for line in claim.returned:
        amounts[line.code] += line.amount
    for entry in refund.entries:
        if entry.cause is RefundCause.DIFFERENCE:
            amounts.subtract({line.code: line.amount for line in entry.lines})
    rest = {code: amount for code, amount in amounts.items() if amount > 0}
    shares = zip(rest, apportioned(_most(refund, claim), list(rest.values())), strict=True)
    return tuple(st.RefundLine(code=code, amount=share) for code, share in shares if share)


def _most(refund: Refund, claim: Claim) -> int:
    """The largest sum in đồng still to return for the fee's reduction, less the sums that officers have requested.

    A forgone amount, which was never paid, is not returned.
    """
    return max(min(_reduced(refund, claim) - _requested(refund, claim), fold.left(refund)), 0)


def _requested(refund: Refund, claim: Claim) -> int:
    """The sum in đồng that officers have requested, including the excess requests on the fee's other captures."""
    return fold.still_to_go(refund, RefundCause.REQUEST) + claim.elsewhere


def _reduced(refund: Refund, claim: Claim) -> int:
    """The part of the fee's reduction, in đồng, that no case covers yet."""
    opened = sum(entry.amount for entry in refund.entries if entry.cause is RefundCause.DIFFERENCE)
    return max(_paid(refund, claim) - _fee_by_now(refund, claim) - opened, 0)


def _paid(refund: Refund, claim: Claim) -> int:
    capture = require(refund.capture)
    return min(capture.amount, capture.asked - claim.before)


def _fee_by_now(refund: Refund, claim: Claim) -> int:
    """The part of the capture, in đồng, that the present fee still needs. Earlier captures pay the fee first."""
    asked = require(refund.capture).asked - sum(line.amount for line in claim.returned)
    return max(min(_paid(refund, claim), asked - claim.before), 0)


def called_off(refund: Refund, claim: Claim) -> RefundCalledOff | None:
    """The event that calls off refunds due to a former end of a reopened filing; None if no refund is to be called off.

    A refund that was already requested from the provider is not voided, since the provider may be paying it out now.
    """
    by_rule = _since_last_end(refund)
    if claim.reopened <= refund.reopened or not (by_rule or refund.ruled or claim.rule):
        return None
    return RefundCalledOff(
        reopened=claim.reopened,
        void=tuple(entry.case for entry in by_rule if nobody_gives(entry)),
        given=sum(entry.amount for entry in by_rule if entry.state is CaseState.GIVEN),
    )


def called_off_by_now(refund: Refund) -> RefundCalledOff | None:
    """The event that voids unpaid manual refunds due to a former end of the filing.

    None if there are no such refunds, or if the money is not owed.
    """
    if refund.unowed is not None:
        return None
    left = (one for one in fold.in_state(refund, CaseState.LEFT_TO_HAND) if one.overtaken)
    void = tuple(entry.case for entry in left)
    return RefundCalledOff(reopened=refund.reopened, void=void) if void else None


def still_to_go_by_rule(refund: Refund, claim: Claim) -> int:
    """The sum in đồng still to return by the procedure's rule, less all sums that officers have requested.

    Requests count only beyond the sum that is due for the fee's reduction.
    """
    requested = max(_requested(refund, claim) - _reduced(refund, claim), 0)
    return min(_share(refund, claim) - requested, fold.left(refund))


def _share(refund: Refund, claim: Claim) -> int:
    """The refund due by rule: the percentage of the owed fee, in đồng, less refunds by rule; 0 without a percentage.

    Refunds due to a former end are also subtracted, and so are refunds declined or voided since the last end, since
    each refund is decided once. A sum that was requested again (after a charge-back, or a refund before a reopening) is
    left out: it has a refund of its own. The shares of several captures are rounded together.
    """
    if claim.percent is None:
        return 0
    spoken_of = (one for one in _since_last_end(refund) if one.state in fold.OVER)
    gone = fold.still_to_go(refund, RefundCause.RULE) + sum(one.amount for one in spoken_of)
    this = max(_fee_by_now(refund, claim) - sum(refund.asked_again), 0)
    share = taken_off(claim.before + this, claim.percent) - taken_off(claim.before, claim.percent)
    return share - (gone - refund.too_early_again)


def _since_last_end(refund: Refund) -> tuple[RefundEntry, ...]:
    """The refunds by rule since the filing last ended; refunds due to an end before a reopening are left out."""
    return tuple(one for one in refund.entries if one.cause is RefundCause.RULE and not one.overtaken)


def nobody_gives(entry: RefundEntry) -> bool:
    """Whether a case has yet to be paid, and the provider can't be paying it at present."""
    waits = entry.state in {CaseState.OPEN, CaseState.LEFT_TO_HAND}
    return waits or (entry.state is CaseState.APPROVED and not entry.requests)


def ordered(refund: Refund, case: int) -> RefundEntry | None:
    """The case of this number; None unless the provider is to pay it out now and the request is recorded."""
    entry = None if without_provider(refund.n) else fold.to_give_first(refund, case)
    return entry if entry is not None and entry.requests else None


def is_borne_out(refund: Refund, payment: Payment) -> bool:
    """Whether the payment's log contains the capture that the refund began with."""
    taken, begun = capture_of(payment, refund.n), require(refund.capture)
    return taken is not None and taken.model_dump(include=_TAKEN) == begun.model_dump(include=_TAKEN)


_TAKEN: Final = {"payment", "capture_id", "amount", "provider", "requested_at", "attempt"}


def key_of_demand(refund: Refund) -> str:
    """The key of the request for payment that the refund's capture paid."""
    paid = require(refund.capture)
    return fee_key(refund.filing_id, paid.payment, paid.attempt or 1)


def key_of(refund: Refund, entry: RefundEntry) -> str:
    """The idempotency key of a case at the provider, the same for every retry."""
    return f"refund:{key_of_demand(refund)}:{require(refund.capture).capture_id}:{entry.case}"


def asked_before(refund: Refund, entry: RefundEntry) -> tuple[RefundEntry, ...]:
    """All other cases of this refund that were ever requested from the provider, with any outcome."""
    return tuple(one for one in refund.entries if one.requests and one.case != entry.case)
