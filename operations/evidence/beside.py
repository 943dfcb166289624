"""Compares the columns that may change, in the tables beside the log, with the log and with unchanging rows."""

from collections.abc import Sequence
from typing import Any, Final

from console.comparing import Difference, Why
from rules.suspense import state_of
from schemas.ids import StreamId, fee_key, reference_of
from schemas.money.suspense import SuspenseState
from views.log import Connection
from views.registers.money import recorded

PAGE: Final = 1_000

_DECIDED: Final = frozenset({SuspenseState.ASSIGNED, SuspenseState.TO_GIVE_BACK, SuspenseState.GIVEN_BACK})


async def differences(connection: Connection) -> list[Difference]:
    """Returns the rows that differ from the log, or from rows that never change, as of one moment."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        rows = await connection.fetch(_COMPARED)
        found = [Difference(row["of"], row["row"], Why(row["why"]), tuple(row["columns"])) for row in rows]
        cursor = await connection.cursor(_DRIVEN)
        while rows := await cursor.fetch(PAGE):
            found += await _not_recorded(connection, rows)
        return found + await _otherwise_decided(connection)


async def _not_recorded(connection: Connection, rows: Sequence[Any]) -> list[Difference]:
    """Returns the callbacks that are marked as delivered, but whose payment's stream does not record their money."""
    known = await recorded(connection, [row["stream"] for row in rows])
    return [
        Difference("callback", str(row["id"]), Why.DIFFERS, ("driven_at",))
        for row in rows
        if (row["stream"], row["transaction"], row["demanded"] or _first_of(row["stream"])) not in known
    ]


def _first_of(stream: str) -> str:
    about = StreamId.parse(stream)
    return reference_of(fee_key(about.filing, about.n))


async def _otherwise_decided(connection: Connection) -> list[Difference]:
    """Returns the callbacks whose verdict differs from the outcome of the officers' steps."""
    found = []
    for row in await connection.fetch(_STEPS):
        state, verdict = state_of(row["steps"], row["outcome"]), row["verdict"]
        if (verdict in _DECIDED or state in _DECIDED) and verdict != state:
            found.append(Difference("callback", str(row["id"]), Why.DIFFERS, ("verdict",)))
    return found


_COMPARED: Final = """
select 'till_open' as of, number as row,
    case when there is null then 'missing' when opened is null then 'extra' else 'differs' end as why,
    '{}'::text[] as columns
from (select number, agency, desk, cashier from till_open) as there
full join (
    select number, agency, desk, cashier from till
    where not exists (select from till_closing where till_closing.till = till.number)
) as opened using (number)
where there is distinct from opened
union all
select 'till_cash', concat_ws(' ', stream, seq), 'extra', '{}'
from till_cash where not exists (select from event where (event.stream, event.seq) = (till_cash.stream, till_cash.seq))
union all
select 'callback', id::text, 'differs', array['driven_at'] from callback
where driven_at is not null and stream is null and verdict not in ('to_give_back', 'given_back')
union all
select 'erasure', concat_ws(' ', request, filing_id), 'differs', array['erased_at'] from erasure
where (erased_at is not null or finished_at is not null) and not exists (
    select from stream join event on event.stream = stream.stream and event.seq = stream.head_seq
    where stream.stream = 'filing:' || erasure.filing_id and event.kind = 'erased'
)
union all
select 'outbox', concat_ws(' ', stream, seq, paper), 'extra', '{}' from outbox
where not exists (
    select from event
    where (event.stream, event.seq, event.filing_id, event.agency)
        = (outbox.stream, outbox.seq, outbox.filing_id, outbox.agency)
)
order by 1, 2
"""
_STEPS: Final = """
select id, outcome, verdict,
    array(select step from suspense_step where suspense_step.callback = callback.id order by n) as steps
from callback
where verdict in ('assigned', 'to_give_back', 'given_back')
    or exists (select from suspense_step where suspense_step.callback = callback.id)
"""
_DRIVEN: Final = """
select id, stream, transaction, demanded from callback
where driven_at is not null and stream is not null and outcome = 'paid' and verdict <> 'wrong_amount'
"""
