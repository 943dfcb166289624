"""The rule of each command on a payment.

Late, double and unexpected money is recorded; money that is not owed is returned.
"""

from datetime import datetime, timedelta
from typing import Final

from rules.payment import charge_backs
from rules.payment.fold import captured_ids, is_open, parts, pending, unless_first
from rules.require import require
from rules.rule import SYSTEM, Rule, Rules, always
from rules.time.working_time import applicant_due
from schemas.errors import Problem, problem
from schemas.filing.commands import ChangeCalendar
from schemas.payment import commands as cm
from schemas.payment import events as ev
from schemas.payment.state import DEFAULT_PROVIDER, MOST_REQUESTS, Payment, PaymentState, Through
from schemas.people import Actor, Role

Events = tuple[ev.PaymentEvent, ...]

_ENDED: Final = problem("", "wrong_state", says="payment_has_ended")


def _request(_: Payment, command: cm.RequestPayment, now: datetime) -> Events:
    start = command.start
    requested = ev.PaymentRequested(
        n=start.n,
        provider=start.provider or DEFAULT_PROVIDER,
        amount=start.amount,
        limit=start.limit,
        since=start.since,
        calendar=start.calendar,
        due=start.due,
        description=start.description,
        watch_seconds=start.watch_seconds,
        payer_account=start.payer_account,
        payer_address=start.payer_address,
        expires=_expires(command.seconds, now, start.due),
    )
    return (requested,)


def _order(payment: Payment, command: cm.RecordOrder, _: datetime) -> Events:
    n = command.attempt
    if not is_open(payment, n) or payment.attempts[n - 1].ordered:
        return ()
    made = {"order_id": command.order_id, "pay_url": command.pay_url, "code": command.code}
    return (ev.PaymentOrdered(**made, attempt=unless_first(n)),)


def _expire_request(payment: Payment, command: cm.ExpireRequest, _: datetime) -> Events:
    return (ev.PaymentRequestExpired(attempt=command.attempt),) if is_open(payment, command.attempt) else ()


def _await_outcome(payment: Payment, command: cm.AwaitOutcome, _: datetime) -> Events:
    request = pending(payment, command.attempt)
    if request is None or request.awaited is not None:
        return ()
    return (ev.PaymentOutcomeAwaited(attempt=command.attempt, until=command.until),)


def _expire(payment: Payment, _: cm.ExpirePayment, __: datetime) -> Events:
    if payment.state is not PaymentState.PENDING:
        return ()
    return (ev.PaymentExpired(requests=tuple(one.attempt for one in payment.attempts if not one.over)),)


def _end_watch(payment: Payment, command: cm.EndPaymentWatch, _: datetime) -> Events:
    return (ev.PaymentWatchEnded(until=command.until),) if payment.watched_until == command.until else ()


def _cancel(payment: Payment, command: cm.CancelPayment, _: datetime) -> Events:
    cancellable = payment.state in {PaymentState.PENDING, PaymentState.PAID}
    return (ev.PaymentCancelled(reason=command.reason),) if cancellable else ()


def _change_calendar(payment: Payment, command: ChangeCalendar, _: datetime) -> Events:
    calendar = command.calendar
    if calendar.name == payment.calendar:
        return ()
    due = applicant_due(require(payment.since), require(payment.limit), calendar)
    return (ev.PaymentCalendarChanged(calendar=calendar.name, due=due),)


def _capture(payment: Payment, command: cm.RecordCapture, _: datetime) -> Events:
    """The event of a capture, which pays the fee if it, alone or with earlier captures, reaches the requested amount.

    The excess is returned.
    """
    capture = command.capture
    if capture.capture_id in captured_ids(payment):
        return ()
    with_it = parts(payment, command.going) if capture.amount < payment.amount else ()
    came = capture.amount + sum(one.amount for one in with_it)
    owed = payment.state is PaymentState.PENDING and came >= payment.amount
    attempt = unless_first(capture.attempt or 1)
    asked = payment.amount if owed and capture.amount != payment.amount else None
    said = {"capture_id": capture.capture_id, "amount": capture.amount, "captured_at": capture.at}
    earlier = tuple(one.capture_id for one in with_it) if owed else ()
    captured = ev.PaymentCaptured(**said, owed=owed, asked=asked, attempt=attempt, parts=earlier)
    return (captured, *charge_backs.ahead_of(payment, capture.model_copy(update={"attempt": attempt})))


def _accept(payment: Payment, command: cm.RecordAcceptance, _: datetime) -> Events:
    """The event that accepts the money as the fee; none if more is missing than the officers agreed to forgo."""
    accepted = command.accepted
    there = parts(payment, command.going)
    came = sum(one.amount for one in there)
    others = tuple(one.capture_id for one in there if one.capture_id != accepted.capture_id)
    forgone = payment.amount - came
    if len(others) == len(there) or forgone > accepted.forgone:
        return ()
    agreed = None if forgone == accepted.forgone else accepted.forgone
    money = {"capture_id": accepted.capture_id, "amount": came, "forgone": forgone}
    return (ev.PaymentAccepted(**money, parts=others, agreed=agreed),)


def _charge_back(payment: Payment, command: cm.RecordChargeBack, _: datetime) -> Events:
    event = charge_backs.charge_back_event(payment, command.back)
    return () if event is None else (event,)


def _refund(payment: Payment, command: cm.RecordRefund, _: datetime) -> Events:
    given = command.given
    if given in payment.given_back or given.capture_id not in captured_ids(payment):
        return ()
    return (ev.PaymentRefunded(capture_id=given.capture_id, amount=given.amount, case=given.case),)


def _expires(seconds: int | None, now: datetime, due: datetime) -> datetime | None:
    """The time until which a request made `now` can be paid; None if that is `due`, the due time of the fee."""
    ends = None if seconds is None else now + timedelta(seconds=seconds)
    return ends if ends is not None and ends < due else None


def _renewable(payment: Payment, _: Actor, now: datetime) -> Problem | None:
    if payment.state is not PaymentState.PENDING or now >= require(payment.due):
        return _ENDED
    too_many = len(payment.attempts) >= MOST_REQUESTS
    return problem("", "too_many_requests", most=MOST_REQUESTS) if too_many else None


def _renew(payment: Payment, command: cm.RenewPayment, now: datetime) -> Events:
    default = Through(provider=command.provider or payment.provider)
    through = command.through if isinstance(command, cm.RenewThrough) else default
    attempt, expires = len(payment.attempts) + 1, _expires(through.seconds, now, require(payment.due))
    said = {"provider": through.provider, "expires": expires, "payer_address": command.payer_address}
    return (ev.PaymentRenewed(attempt=attempt, **said),)


RULES: Final[Rules[Payment]] = Rules(
    {
        "request_payment": Rule(SYSTEM, always, _request),
        "record_order": Rule(SYSTEM, always, _order),
        "expire_request": Rule(SYSTEM, always, _expire_request),
        "await_outcome": Rule(SYSTEM, always, _await_outcome),
        "expire_payment": Rule(SYSTEM, always, _expire),
        "end_payment_watch": Rule(SYSTEM, always, _end_watch),
        "cancel_payment": Rule(SYSTEM, always, _cancel),
        "change_calendar": Rule(SYSTEM, always, _change_calendar),
        "record_capture": Rule(SYSTEM, always, _capture),
        "record_acceptance": Rule(SYSTEM, always, _accept),
        "record_charge_back": Rule(SYSTEM, always, _charge_back),
        "record_refund": Rule(SYSTEM, always, _refund),
        "renew_payment": Rule((Role.APPLICANT, Role.REPRESENTATIVE), _renewable, _renew),
    },
    not_now=_ENDED,
)
"""The rule of each command. Before a renewal is recorded, the people on the applicant's side are looked up."""
