"""What the record must bear out before an event is written: who the officer is, that money and parcels are real."""

from __future__ import annotations

from typing import Final

from activities.ledger.database import Connection
from schemas.errors import Problem, Refusal, RefusalCode, problem
from schemas.filing.events import FeeExpired, FeePaid, HandedOver, ParcelFailed, Reassigned
from schemas.ids import canonical, filing_workflow, parts, payment_workflow
from schemas.level import Channel
from schemas.parcel import ConsignmentRequested
from schemas.payment import PaymentCancelled, PaymentRequested
from schemas.people import OFFICERS, Actor, Role
from schemas.stream.ledger import Batch


async def refusal(connection: Connection, batch: Batch, *, in_directory: bool) -> Refusal | None:
    """Why the record does not bear this batch out, or None. `in_directory`: its actor is an active officer there."""
    problems = [
        *_officer(batch.actor, in_directory=in_directory),
        *await _assignees(connection, batch),
        *await _facts(connection, batch),
    ]
    return Refusal(code=RefusalCode.NOT_AUTHORISED, problems=tuple(problems)) if problems else None


def _officer(actor: Actor, *, in_directory: bool) -> list[Problem]:
    if in_directory or actor.role not in OFFICERS:
        return []
    return [
        problem(
            "actor",
            "not_in_directory",
            f"danh bạ của cơ quan không có người này với vai trò {actor.role}",
            f"the agency's directory does not know this person as {actor.role}",
        )
    ]


async def _assignees(connection: Connection, batch: Batch) -> list[Problem]:
    """Whoever is given a task must be an officer in its role."""
    given = [event for event in batch.events if isinstance(event, Reassigned)]
    return [
        problem(
            "officer",
            "not_in_directory",
            f"danh bạ của cơ quan không có cán bộ này với vai trò {event.role}",
            f"the agency's directory does not know this officer as {event.role}",
        )
        for event in given
        if not await _active(connection, batch.agency, event.officer, event.role)
    ]


async def _active(connection: Connection, agency: str, subject: str, role: Role) -> bool:
    found = await connection.fetchval(
        "select active from officer where agency = $1 and subject = $2 and role = $3", agency, subject, role
    )
    return bool(found)


async def _facts(connection: Connection, batch: Batch) -> list[Problem]:
    """What one stream says of another must stand there: a fee that was asked for, money that came, a parcel's end."""
    filing = filing_workflow(batch.filing_id)
    for event in batch.events:
        match event:
            case PaymentRequested(n=n, amount=amount):
                borne_out = await connection.fetchval(
                    _IN_FILING, filing, "fee_requested", canonical({"amount": amount, "channel": "online", "n": n})
                )
            case PaymentCancelled():
                _, n = parts(batch.stream)
                borne_out = await connection.fetchval(_NOT_OWED, batch.filing_id, filing, n)
            case ConsignmentRequested(n=n):
                borne_out = await connection.fetchval(_IN_FILING, filing, "parcel_requested", canonical({"n": n}))
            case FeePaid(channel=Channel.ONLINE, n=n, amount=amount):
                stream = payment_workflow(batch.filing_id, n)
                borne_out = await connection.fetchval(_PAID, stream, amount)
            case FeeExpired(n=n):
                stream = payment_workflow(batch.filing_id, n)
                borne_out = await connection.fetchval(_EXPIRED, stream, batch.stream, n)
            case HandedOver(channel=Channel.POST):
                borne_out = await connection.fetchval(_ENDED, batch.filing_id, "delivered")
            case ParcelFailed(n=n, outcome=outcome):
                borne_out = await connection.fetchval(_ENDED, batch.filing_id, outcome)
            case _:
                continue
        if not borne_out:
            return [_NOT_RECORDED]
    return []


_IN_FILING: Final = """
select true from event where stream = $1 and kind = $2
    and convert_from(body, 'UTF8')::jsonb @> convert_from($3, 'UTF8')::jsonb
"""
_NOT_OWED: Final = """
with fee as (
    select kind, convert_from(body, 'UTF8')::jsonb ->> 'channel' as channel from event
    where stream = $2 and kind in ('fee_paid', 'fee_waived')
        and convert_from(body, 'UTF8')::jsonb @> jsonb_build_object('n', $3::int)
)
select exists (select from fee where kind = 'fee_waived' or channel = 'counter')
    or (not exists (select from fee)
        and exists (select from filing where filing_id = $1 and closed_at is not null))
"""
_PAID: Final = "select true from payment where stream = $1 and state = 'paid' and amount = $2"
_EXPIRED: Final = """
select exists (select from payment where stream = $1 and state = 'expired')
    or not exists (select from event where stream = $2 and kind = 'fee_requested'
                   and convert_from(body, 'UTF8')::jsonb @> jsonb_build_object('n', $3::int, 'channel', 'online'))
"""
_ENDED: Final = "select true from parcel where filing_id = $1 and state = $2"
_NOT_RECORDED: Final = problem("", "not_recorded", "sổ không ghi nhận việc này", "the record says otherwise")
