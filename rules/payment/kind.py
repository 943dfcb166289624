"""The descriptor of payments as a kind of stream."""

from typing import Final

from rules.payment import fold, status
from rules.payment.commands import RULES
from rules.payment.evidence import evidence, found_by
from rules.stream_kind import Numbering, StreamKind, Table, numbered
from schemas.payment import events
from schemas.payment.commands import PAYMENT_COMMANDS, RequestPayment
from schemas.payment.state import Payment, PaymentStart
from schemas.stream.snapshots import PaymentMemory
from schemas.translate import said

PAYMENT: Final = StreamKind(
    name="payment",
    workflow="Payment",
    state=Payment,
    events=events.PaymentEvent,
    first="payment_requested",
    initial=lambda origin: Payment(**numbered(origin)),
    rules=RULES,
    evolve=fold.evolve,
    standing=status.standing,
    rows=status.rows,
    start=PaymentStart,
    opening=lambda start: RequestPayment(command_id="request", start=start),
    commands=PAYMENT_COMMANDS,
    evidence_of=evidence,
    found_by=found_by,
    numberings={"payment": Numbering("%Y%m%d", "P")},
    table=Table("payment"),
    memory=PaymentMemory,
    shown=frozenset(
        {
            events.PaymentRequested,
            events.PaymentOrdered,
            events.PaymentCaptured,
            events.PaymentExpired,
            events.PaymentCancelled,
            events.PaymentRefunded,
            events.PaymentAccepted,
            events.PaymentChargedBack,
            events.PaymentChargeBackAhead,
            events.PaymentRequestExpired,
            events.PaymentOutcomeAwaited,
            events.PaymentRenewed,
        }
    ),
    tells=status.TELLS,
    waits=status.WAITS,
    title=said("many.payments"),
)
