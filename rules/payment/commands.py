"""The effect of each command on a payment. Money that is not owed goes back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from rules.known import known
from rules.officers import role_is
from rules.payment import charge_backs
from rules.payment.fold import captured_ids, is_open, not_yet_awaited, unless_first
from rules.time.part import due_on
from schemas import payment as pay
from schemas.errors import Problem, RefusalCode, problem, refused
from schemas.filing.commands import ChangeCalendar, Command
from schemas.payment import MOST_REQUESTS, Payment, PaymentState
from schemas.people import Actor, Role


def decide(  # noqa: PLR0911 -- one line for each command
    payment: Payment, command: Command, now: datetime
) -> tuple[pay.PaymentEvent, ...]:
    """What `command` makes happen to a payment. Raises `RefusalError`."""
    match command:
        case pay.RequestPayment(start=start, seconds=seconds):
            return (
                pay.PaymentRequested(
                    n=start.n,
                    provider=start.provider or pay.DEFAULT_PROVIDER,
                    amount=start.amount,
                    limit=start.limit,
                    since=start.since,
                    calendar=start.calendar,
                    due=start.due,
                    description=start.description,
                    watch_seconds=start.watch_seconds,
                    payer_account=start.payer_account,
                    expires=_expires(seconds, now, start.due),
                ),
            )
        case pay.RenewPayment():
            return (_renewed(payment, command, now),)
        case pay.RecordOrder(attempt=n) if is_open(payment, n) and not payment.attempts[n - 1].ordered:
            made = {"order_id": command.order_id, "pay_url": command.pay_url, "code": command.code}
            return (pay.PaymentOrdered(**made, attempt=unless_first(n)),)
        case pay.ExpireRequest(attempt=n) if is_open(payment, n):
            return (pay.PaymentRequestExpired(attempt=n),)
        case pay.AwaitOutcome(attempt=n, until=until) if not_yet_awaited(payment, n):
            return (pay.PaymentOutcomeAwaited(attempt=n, until=until),)
        case pay.ExpirePayment() if payment.state is PaymentState.PENDING:
            return (pay.PaymentExpired(),)
        case pay.CancelPayment(reason=reason) if payment.state in {PaymentState.PENDING, PaymentState.PAID}:
            return (pay.PaymentCancelled(reason=reason),)
        case ChangeCalendar(calendar=calendar) if calendar.name != payment.calendar:
            return (pay.PaymentCalendarChanged(calendar=calendar.name, due=due_on(payment, calendar)),)
        case _:
            return _of_money(payment, command)


def _of_money(payment: Payment, command: Command) -> tuple[pay.PaymentEvent, ...]:
    """What has become of the money. Raises `RefusalError`."""
    match command:
        case pay.RecordCapture(capture=capture) if capture.capture_id not in captured_ids(payment):
            return _captured(payment, capture)
        case pay.RecordAcceptance(accepted=accepted) if payment.state is PaymentState.PENDING:
            return (_accepted(payment, accepted),)
        case pay.RecordChargeBack(back=back) if event := charge_backs.told(payment, back):
            return (event,)
        case pay.RecordRefund(given=given) if given not in payment.given_back and given.capture_id in captured_ids(
            payment
        ):
            return (pay.PaymentRefunded(capture_id=given.capture_id, amount=given.amount, case=given.case),)
        case _:
            why = problem("", "wrong_state", says="payment_has_ended")
            raise refused(RefusalCode.NOT_ALLOWED, why)


def _captured(payment: Payment, capture: pay.Capture) -> tuple[pay.PaymentEvent, ...]:
    """Who pays more than was asked has paid the fee, and gets back what is too much."""
    owed = payment.state is PaymentState.PENDING and capture.amount >= payment.amount
    attempt = unless_first(capture.attempt or 1)
    captured = pay.PaymentCaptured(
        capture_id=capture.capture_id,
        amount=capture.amount,
        captured_at=capture.at,
        owed=owed,
        asked=payment.amount if owed and capture.amount > payment.amount else None,
        attempt=attempt,
    )
    return (captured, *charge_backs.ahead_of(payment, capture.model_copy(update={"attempt": attempt})))


def _accepted(payment: Payment, accepted: pay.CaptureAccepted) -> pay.PaymentAccepted:
    """Raises `RefusalError` unless it and what is forgone are the fee."""
    found = (one for one in payment.captures if one.capture_id == accepted.capture_id)
    capture = next((one for one in found if one.amount + accepted.forgone == payment.amount), None)
    if capture is None or payment.returned(capture) or payment.taken_back(capture):
        raise refused(RefusalCode.NOT_ALLOWED, problem("", "wrong_state", says="payment_has_ended"))
    return pay.PaymentAccepted(capture_id=capture.capture_id, amount=capture.amount, forgone=accepted.forgone)


def _expires(seconds: int | None, now: datetime, due: datetime) -> datetime | None:
    """When a request made now ends; None if it lasts until the fee is due."""
    ends = None if seconds is None else now + timedelta(seconds=seconds)
    return ends if ends is not None and ends < due else None


def _renewed(payment: Payment, command: pay.RenewPayment, now: datetime) -> pay.PaymentRenewed:
    why = guard(payment, command.kind, command.actor, now)
    if why is not None:
        raise refused(RefusalCode.NOT_ALLOWED, why)
    default = pay.Through(provider=command.provider or payment.provider)
    through = command.through if isinstance(command, pay.RenewThrough) else default
    return pay.PaymentRenewed(
        attempt=len(payment.attempts) + 1,
        provider=through.provider,
        expires=_expires(through.seconds, now, known(payment.due)),
    )


WRITERS: Final = frozenset({Role.SYSTEM, Role.APPLICANT, Role.REPRESENTATIVE})


def guard(payment: Payment, _: str, actor: Actor, now: datetime) -> Problem | None:
    """Why `actor` can't have it asked for anew now, or None. Whose filing it is, is looked up as that is recorded."""
    return role_is(actor, Role.APPLICANT, Role.REPRESENTATIVE) or _not_renewable(payment, now)


def _not_renewable(payment: Payment, now: datetime) -> Problem | None:
    if payment.state is not PaymentState.PENDING or now >= known(payment.due):
        return problem("", "wrong_state", says="payment_has_ended")
    too_many = len(payment.attempts) >= MOST_REQUESTS
    return problem("", "too_many_requests", most=MOST_REQUESTS) if too_many else None
