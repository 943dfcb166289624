"""Checks, before an event is written, that two persons, with separate programs or tokens, did an act that needs two."""

import json
from collections.abc import Iterable
from typing import Any, Final

from activities.ledger.authority.officers import directory_of, in_their_place
from activities.ledger.database import Connection
from activities.ledger.vault import Vault
from rules.identity.two_people import came_apart
from rules.time.working_time import local_day
from schemas.errors import Problem, problem
from schemas.identity.statement import IdentityStatement, signed
from schemas.papers.events import ReceiptVoided
from schemas.refund.events import RefundApproved, RefundDeclined, RefundGivenByHand, ShortfallAccepted
from schemas.stream.ledger import Batch


async def alone(connection: Connection, vault: Vault, batch: Batch, events: Iterable[Any]) -> list[Problem]:
    """Returns a problem if an act's two officers are the same, or one is the other's substitute on that day.

    Since a program can name any officer, the two must also use different programs, or each must have an access token
    of their own.
    """
    found: list[Problem] = []
    for event in events:
        if (others := _others(event)) is None:
            continue
        hands = _hands(event)
        day = local_day(batch.at)
        if set(hands) & set(others) or await in_their_place(connection, directory_of(batch), hands, others, day):
            found.append(problem("actor.subject", "needs_another"))
        elif batch.statement is not None:
            said = signed(batch.statement).statement
            before = await _spoke_before(connection, vault, batch, event, others, said)
            if not all(one is not None and came_apart(one, said) for one in before):
                found.append(problem("statement", "needs_another_key"))
    return found


def _hands(event: Any) -> list[str]:
    """Returns the officer of this event, and the absent officer for whom they act."""
    return [name for name in (event.officer, getattr(event, "acting_for", None)) if name is not None]


def _others(event: Any) -> tuple[str, ...] | None:
    """Returns the earlier officers, none of whom may be the officer of this event; None if one officer is enough."""
    match event:
        case RefundApproved() | RefundDeclined() | ShortfallAccepted():
            return event.asked_by
        case ReceiptVoided(asked_by=asked_by) if asked_by:
            return asked_by
        case RefundGivenByHand():
            return event.approved_by
        case _:
            return None


async def _spoke_before(
    connection: Connection, vault: Vault, batch: Batch, event: Any, others: Iterable[str], said: IdentityStatement
) -> list[IdentityStatement | None]:
    """Returns the statements of earlier acts that led to this act and came from this act's signer or program.

    None stands for a statement that can't be opened.
    """
    about = [getattr(event, name, None) for name in ("case", "registered")]
    whose = (said.program, said.iss)
    rows = await connection.fetch(_SPOKE_BEFORE, batch.filing_id, list(others), batch.stream, *about, *whose)
    key = await vault.find(connection, batch.filing_id) if rows else None
    if key is None:
        return [None] * len(rows)
    opened = [json.loads(key.unseal(row["sealed"], f"{row['stream']}\n{row['seq']}")) for row in rows]
    return [signed(one["statement"]).statement for one in opened]


_SPOKE_BEFORE: Final = """
select first.stream, first.seq, first.sealed
from event join lateral (
    select stream, seq, sealed from event as any_
    where any_.stream = event.stream and any_.command_id = event.command_id order by seq limit 1
) as first on true
where event.filing_id = $1 and convert_from(actor, 'UTF8')::jsonb ->> 'subject' = any($2)
    and (event.stream = $3 and kind in (
                'refund_opened', 'shortfall_proposed', 'refund_approved', 'receipt_void_asked'
            )
            and coalesce((convert_from(body, 'UTF8')::jsonb ->> 'case')::int = $4, true)
            and coalesce(convert_from(body, 'UTF8')::jsonb ->> 'registered' = $5, true)
        or event.stream = 'filing:' || $1::uuid
            and kind in ('intake_refused', 'decided', 'stopped', 'withdrawn', 'lapsed', 'fee_waived'))
    and split_part(via, '/', 4) <> ''
    and (split_part(via, '/', 1) = $6
        or exists (select from principal_key where key_id = split_part(via, '/', 3) and principal = $7))
"""
"""SQL: the first events, with their statements, of these officers' earlier acts that led to the present act.

It selects only acts made by the present act's program, or by the present act's signer for any program.
"""
