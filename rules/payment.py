"""The life of a payment. Late, double or unasked money is always recorded, and what is not owed goes back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from rules import charge_backs
from rules.deadlines import due_on
from rules.evidence import Entry, Evidence
from rules.known import known
from rules.officers import role_is
from schemas import payment as pay
from schemas.errors import Problem, RefusalCode, problem, refused
from schemas.filing.commands import ChangeCalendar, Command
from schemas.ids import BEGINNING, StreamId, fee_key, filing_workflow, of_obligation, reference_of
from schemas.payment import MOST_REQUESTS, Attempt, Payment, PaymentState
from schemas.people import Actor, Role
from schemas.stream.ledger import Recorded
from schemas.stream.rows import PaymentRow, Rows, Standing

_ENDED = {"payment_expired": PaymentState.EXPIRED, "payment_cancelled": PaymentState.CANCELLED}


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
        case pay.RecordOrder(attempt=n) if _open(payment, n) and not payment.attempts[n - 1].ordered:
            made = {"order_id": command.order_id, "pay_url": command.pay_url, "code": command.code}
            return (pay.PaymentOrdered(**made, attempt=unless_first(n)),)
        case pay.ExpireRequest(attempt=n) if _open(payment, n):
            return (pay.PaymentRequestExpired(attempt=n),)
        case pay.AwaitOutcome(attempt=n, until=until) if _not_yet_awaited(payment, n):
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
        case pay.RecordCapture(capture=capture) if capture.capture_id not in _known(payment):
            return _captured(payment, capture)
        case pay.RecordAcceptance(accepted=accepted) if payment.state is PaymentState.PENDING:
            return (_accepted(payment, accepted),)
        case pay.RecordChargeBack(back=back) if event := charge_backs.told(payment, back):
            return (event,)
        case pay.RecordRefund(given=given) if given not in payment.given_back and given.capture_id in _known(payment):
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


def lacking(payment: Payment) -> bool:
    """Whether something came that is less than was asked, and may still be taken for the whole fee."""
    pending = payment.state is PaymentState.PENDING
    return pending and any(capture.amount < payment.amount for capture in payment.captures)


def ends(payment: Payment, request: Attempt) -> datetime:
    """Until when a request can be paid."""
    return request.expires or known(payment.due)


def past(payment: Payment, now: datetime) -> list[Attempt]:
    """The requests that are open and can be paid no longer, while the fee is not due."""
    open_ = [request for request in payment.attempts if not request.over]
    return [request for request in open_ if ends(payment, request) <= now < known(payment.due)]


def _known(payment: Payment) -> set[str]:
    return {capture.capture_id for capture in payment.captures}


def _pending(payment: Payment, n: int) -> Attempt | None:
    """This request of it, while the fee is owed."""
    return next((one for one in payment.attempts if one.attempt == n and payment.state is PaymentState.PENDING), None)


def _open(payment: Payment, n: int) -> bool:
    """Whether this request of it may be paid."""
    request = _pending(payment, n)
    return request is not None and not request.over


def _not_yet_awaited(payment: Payment, n: int) -> bool:
    """Whether it is not said yet of this request of it that its outcome is awaited."""
    request = _pending(payment, n)
    return request is not None and request.awaited is None


def unless_first(n: int) -> int | None:
    """How an event names the n-th request."""
    return None if n == 1 else n


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


_KEPT: Final = (
    "number",
    "provider",
    "amount",
    "limit",
    "since",
    "calendar",
    "due",
    "description",
    "watch_seconds",
    "payer_account",
    "expires",
)


def evolve(payment: Payment, recorded: Recorded) -> Payment:
    """The payment after one event."""
    return payment.model_copy(update=_change(payment, recorded) | {"seq": recorded.seq})


def _change(  # noqa: PLR0911 -- one line for each event
    payment: Payment, recorded: Recorded
) -> dict[str, Any]:
    match recorded.event:
        case pay.PaymentRequested() as event:
            return {name: getattr(event, name) for name in _KEPT} | {"requested_at": recorded.at}
        case pay.PaymentOrdered(pay_url=pay_url, code=code, attempt=n):
            return _of_request(payment, n or 1, pay_url=pay_url, code=code)
        case pay.PaymentRequestExpired(attempt=n):
            return _of_request(payment, n, over=True)
        case pay.PaymentOutcomeAwaited(attempt=n, until=until):
            return _of_request(payment, n, awaited=until)
        case pay.PaymentRenewed() as event:
            said = event.model_dump(include={"attempt", "provider", "expires"})
            return {"renewed": (*payment.renewed, Attempt(**said, requested_at=recorded.at))}
        case pay.PaymentExpired() | pay.PaymentCancelled() as event:
            return {"state": _ENDED[event.kind], "owed_capture": None, "settled_at": recorded.at}
        case pay.PaymentCalendarChanged(calendar=calendar, due=due):
            later = due > known(payment.due)
            return {"calendar": calendar, "due": due} | (_nothing_awaited(payment) if later else {})
        case _:
            return _of_its_money(payment, recorded)


def _of_its_money(payment: Payment, recorded: Recorded) -> dict[str, Any]:
    match recorded.event:
        case pay.PaymentCaptured() as event:
            said = event.model_dump(include={"capture_id", "amount", "attempt"})
            capture = pay.Capture(**said, at=event.captured_at)
            taken: dict[str, Any] = {"captures": (*payment.captures, capture)}
            paid = {"state": PaymentState.PAID, "owed_capture": event.capture_id, "settled_at": recorded.at}
            return taken | (paid if event.owed else {})
        case pay.PaymentAccepted() as event:
            paid = {"state": PaymentState.PAID, "owed_capture": event.capture_id, "settled_at": recorded.at}
            return paid | {"forgone": event.forgone}
        case pay.PaymentChargedBack() as event:
            charged = pay.ChargedBack(**event.model_dump(exclude={"kind"}))
            ahead = charge_backs.still_ahead(payment, event)
            return {"charged_back": (*payment.charged_back, charged), "ahead": ahead}
        case pay.PaymentChargeBackAhead() as event:
            return {"ahead": (*payment.ahead, pay.ChargeBack(**event.model_dump(exclude={"kind"})))}
        case pay.PaymentRefunded() as event:
            return _given_back(payment, event)
        case _:
            msg = f"{recorded.event.kind} is no event of a payment"
            raise TypeError(msg)


def _of_request(payment: Payment, n: int, **change: Any) -> dict[str, Any]:
    """What changes of its n-th request."""
    if n == 1:
        return change
    renewed = (one.model_copy(update=change) if one.attempt == n else one for one in payment.renewed)
    return {"renewed": tuple(renewed)}


def _nothing_awaited(payment: Payment) -> dict[str, Any]:
    """The time to pay is not over after all."""
    renewed = (one.model_copy(update={"awaited": None}) for one in payment.renewed)
    return {"awaited": None, "renewed": tuple(renewed)}


def _given_back(payment: Payment, event: pay.PaymentRefunded) -> dict[str, Any]:
    """One of before there were cases was of the whole."""
    given = pay.GivenBack(capture_id=event.capture_id, amount=event.amount, case=event.case or 0)
    all_given = (*payment.given_back, given)
    went = sum(one.amount for one in all_given if one.capture_id == event.capture_id)
    whole = any(one.capture_id == event.capture_id and one.amount <= went for one in payment.captures)
    return {"given_back": all_given} | ({"refunded": (*payment.refunded, event.capture_id)} if whole else {})


_ENDING: Final = (
    "handed_over",
    "withdrawn",
    "stopped",
    "intake_refused",
    "supplement_expired",
    "fee_expired",
    "reopened",
)
"""What ends a filing, or begins it again: no fee that was asked for before is owed any longer."""


def evidence(stream: StreamId, event: Any) -> Evidence | None:
    """What must have been recorded before money is asked for, is no longer owed, or went back."""
    filing = filing_workflow(stream.filing)
    match event:
        case pay.PaymentRequested():
            return (_asked_for(filing, event),)
        case pay.PaymentRefunded(capture_id=capture_id, amount=amount, case=case):
            given = {"capture_id": capture_id, "amount": amount} | ({} if case is None else {"case": case})
            return ((Entry(("refund_given", "refund_given_by_hand"), given),),)
        case pay.PaymentAccepted():
            return ((Entry(("shortfall_accepted",), event.model_dump(exclude={"kind"})),),)
        case pay.PaymentCancelled():
            owed = {"n": stream.n}
            return _met_otherwise(filing, owed) if of_obligation(stream.n) else _fee_not_owed(filing, owed)
        case _:
            return None


def _asked_for(filing: str, event: pay.PaymentRequested) -> tuple[Entry, ...]:
    asked = {"amount": event.amount, "n": event.n}
    if of_obligation(event.n):
        return (Entry(("obligation_demanded",), asked, filing),)
    return (Entry(("fee_requested",), asked | {"channel": "online"}, filing),)


def _fee_not_owed(filing: str, fee: dict[str, int]) -> Evidence:
    """It was waived, paid otherwise, asked for in another amount, or due when the filing ended."""
    return (
        (Entry(("fee_waived",), fee, filing),),
        (Entry(("fee_paid",), fee | {"channel": "counter"}, filing),),
        (
            Entry(("fee_requested",), {"n": fee["n"] + 1}, filing),
            Entry(("fee_paid",), fee, filing, absent=True),  # what is paid may be added to
        ),
        (
            Entry(_ENDING, stream=filing, after=Entry(("fee_requested",), fee, filing)),
            Entry(("fee_paid", "fee_waived"), fee, filing, absent=True),
        ),
    )


def _met_otherwise(filing: str, payment: dict[str, int]) -> Evidence:
    """The obligation that was demanded is owed no longer, and it was not this payment by which it was met."""
    over = ("obligation_fulfilled", "recalled", *_ENDING)
    demanded = Entry(("obligation_demanded",), payment, filing)
    met = Entry(("obligation_fulfilled",), payment, filing, absent=True)
    return ((Entry(over, stream=filing, after=demanded), met),)


def not_owed(n: int) -> str:
    """Why the `n`-th payment of a filing is cancelled."""
    return f"the filing no longer owes this {'obligation' if of_obligation(n) else 'fee'}"


_HEARD_AS: Final = ("fee_paid", "fee_expired", "result_unclaimed", "fee_waived")


def tells(payment: Payment) -> bool:
    """Whether its filing is to hear how it ended. That what is owed to another authority was not paid ends nothing."""
    expired = payment.state is PaymentState.EXPIRED
    return payment.state is PaymentState.PAID or (expired and not of_obligation(payment.n))


def _heard_as(payment: Payment) -> tuple[str, ...]:
    if not tells(payment):
        return ()
    return ("obligation_fulfilled",) if of_obligation(payment.n) else _HEARD_AS


def standing(payment: Payment) -> Standing:
    """Where a payment stands."""
    return Standing(
        n=payment.n,
        calendar=payment.calendar,
        open=payment.state is PaymentState.PENDING or bool(payment.to_refund),
        watched_until=payment.watched_until,
        heard_as=_heard_as(payment),
    )


def reference(payment: Payment, request: Attempt) -> str:
    """What a request of it is known by outside."""
    return reference_of(fee_key(payment.filing_id, payment.n, request.attempt))


def rows(payment: Payment) -> Rows:
    """What the read models show of a payment."""
    renewed = tuple(f"{request.provider}:{reference(payment, request)}" for request in payment.renewed)
    row = PaymentRow(
        n=payment.n,
        number=payment.number,
        provider=payment.provider,
        reference=reference_of(fee_key(payment.filing_id, payment.n)),
        amount=payment.amount,
        state=payment.state,
        captured=sum(c.amount for c in payment.captures),
        refunded=sum(one.amount for one in payment.given_back),
        calendar=str(payment.calendar),
        due_at=known(payment.due),
        settled_at=payment.settled_at,
        watch_seconds=payment.watch_seconds,
        seq=payment.seq,
        requested_at=known(payment.requested_at),
        renewed=renewed or None,
        renewed_beginnings=tuple(one[: one.index(":") + 1 + BEGINNING] for one in renewed) or None,
    )
    return Rows(row=row.model_dump(mode="json"))


def view(payment: Payment) -> pay.PaymentView:
    """What a payment shows."""
    newest = payment.attempts[-1]
    payable = _open(payment, newest.attempt) and newest.awaited is None
    pending = payment.state is PaymentState.PENDING
    awaited = [one.awaited for one in payment.attempts if one.awaited is not None and pending]
    return pay.PaymentView(
        filing_id=payment.filing_id,
        n=payment.n,
        number=payment.number,
        provider=newest.provider,
        amount=payment.amount,
        state=payment.state,
        pay_url=newest.pay_url if payable else None,
        code=newest.code if payable else None,
        captured=sum(c.amount for c in payment.captures),
        refunded=sum(one.amount for one in payment.given_back),
        charged_back=sum(one.amount for one in payment.charged_back) or None,
        attempt=newest.attempt,
        expires=(newest.expires or payment.due) if payable else None,
        awaited_until=max(awaited, default=None),
    )
