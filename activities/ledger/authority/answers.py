"""Checks the answer from which an event follows, before the event is written: a back office's or a provider's.

Anybody with access to Temporal can poll an agency's queue and answer there, so the agency's own program must have
signed its answer. Anybody with that access can also send a payment's workflow the signal with which the gateway reports
a provider's callback. The gateway stores the signed callback in the table `callback` before the gateway sends the
signal, so a signal without a matching row is not recorded.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, Final

from activities.ledger.authority.principals import principals
from activities.ledger.database import Connection
from activities.ledger.findings import HELD
from activities.ledger.stream_status import HAS_IT_NOW
from rules.identity.statements import Directory, Ring, VerificationContext, why_not_signed
from rules.stream_kind import StreamKind
from schemas.errors import Problem, problem
from schemas.identity.statement import MAX_STATEMENT, signed
from schemas.ids import StreamId, fee_key, reference_of
from schemas.payment.events import PaymentCaptured, PaymentChargeBackAhead, PaymentChargedBack
from schemas.payment.state import TOLD
from schemas.stream.ledger import AgencyAnswer, Batch

_log = logging.getLogger(__name__)


async def unanswered(
    connection: Connection, audience: str, kind: StreamKind[Any], batch: Batch, events: Iterable[Any]
) -> bool:
    """Returns whether an event, or the whole batch, depends on an answer that the agency's program has not signed."""
    stream, said = StreamId.parse(batch.stream), batch.answered
    needed = [one for event in events if (one := kind.office_answer(stream, event, batch.actor)) is not None]
    if said is None:
        unless = [one.unless for one in needed]
        return not all([one and await connection.fetchval(HELD, batch.stream, one.kind, one.id) for one in unless])
    if not all(one.is_given(said) for one in needed):
        return True
    return not await is_signed(connection, audience, batch.stream, said)


async def is_signed(connection: Connection, audience: str, stream: str, said: AgencyAnswer) -> bool:
    """Returns whether a program of the stream's agency has signed this answer. If not, the reason is logged.

    The program's key must be valid at the time of the signature, and not be revoked now.
    """
    text = said.answer.get("statement")
    try:
        issuer = signed(text).statement.iss if isinstance(text, str) and len(text) <= MAX_STATEMENT else None
    except ValueError:
        issuer = None
    ring = Ring([] if issuer is None else await principals(connection, issuer))
    program = None if issuer is None else ring.principal(issuer)
    [asked] = await connection.fetch(_ASKED, stream, program and program.agency)
    context = VerificationContext(ring, audience, asked["now"], fresh=False)
    why = why_not_signed(said, stream, context, Directory(asked["agency"], asked["queue"], asked["theirs"]))
    if why is not None:
        _log.warning("answer.not_signed", extra={"stream": stream, "kind": said.act, "reason": why})
    return why is None


async def untold(connection: Connection, batch: Batch, events: Iterable[Any]) -> list[Problem]:
    """Returns a problem if the batch claims to record a provider's callback, but no stored callback matches."""
    said = [found for event in events if (found := _values(batch.stream, event)) is not None]
    if not said or batch.via != TOLD:
        return []
    missing = [one for one in said if not await connection.fetchval(_KEPT, batch.stream, *one)]
    return [problem("", "not_recorded")] if missing else []


def _values(stream: str, event: Any) -> tuple[Any, ...] | None:
    """Returns the values that a callback about this event must have; None for an event that no callback reports.

    The values: outcome, transaction, lowest and highest amount, time, and the references of the request that was paid
    and of the payment's first request.
    """
    match event:
        case PaymentCaptured(amount=amount):
            about = StreamId.parse(stream)
            paid, first = fee_key(about.filing, about.n, event.attempt or 1), fee_key(about.filing, about.n)
            references = reference_of(paid), reference_of(first)
            return "paid", event.capture_id, amount, amount, event.captured_at, *references
        case PaymentChargedBack() | PaymentChargeBackAhead():  # at most the rest of the money
            return "reversed", event.transaction, event.amount, None, event.at, None, None
        case _:
            return None


_KEPT: Final = """
select exists (
    select from callback where stream = $1 and outcome = $2 and transaction = $3
        and amount between $4 and coalesce($5, amount) and coalesce(at = $6, true)
        and coalesce(coalesce(demanded, $8) = $7, true)
)
"""
_ASKED: Final = f"""
select named.agency, asked.queue, (select queue from agency where agency = $2) as theirs, clock_timestamp() as now
from (select) as one left join ({HAS_IT_NOW.format(stream="$1")}) as named on true
    left join agency as asked on asked.agency = named.agency
"""  # noqa: S608 -- SQL of our own

CALLED_BACK: Final = (PaymentCaptured, PaymentChargedBack, PaymentChargeBackAhead)
"""The events that a provider's callback may report."""
