"""Assigns the cash of an append to the actor's open till, in the append's own SQL statement."""

from collections.abc import Iterable
from typing import Any, Final

from activities.ledger.database import Connection
from rules.till import in_cash
from schemas.errors import Problem, problem
from schemas.stream.ledger import Batch


def cash_of(batch: Batch, events: Iterable[Any]) -> tuple[int, ...]:
    """Returns the seqs of the batch's events about cash taken or given."""
    return tuple(seq for seq, event in enumerate(events, batch.next_seq) if in_cash(event))


async def missing(connection: Connection, batch: Batch, cash: tuple[int, ...]) -> list[Problem]:
    """Returns a problem if the actor may not move cash: the agency has tills, but the actor's till is not open."""
    if not cash or await connection.fetchval(_OPEN, batch.actor.agency, batch.actor.subject):
        return []
    return [problem("", "no_open_till")]


_OPEN: Final = """
select exists (select from till_open where agency = $1 and cashier = $2)
    or not exists (select from agency where agency = $1 and tills)
"""

TILL: Final = """
till as materialized (
    select number from till_open where agency = $7 and cashier = $8 for key share
)
"""
"""SQL: the actor's open till, locked until the commit, so that counting or closing it waits."""

MAY_TAKE: Final = "and (exists (select from till) or not exists (select from agency where agency = $7 and tills))"

THROUGH: Final = """
through as (
    insert into till_cash (stream, seq, agency, till)
    select $1, cash.seq, $7, till.number from moved, till, unnest({seqs}::int[]) as cash (seq)
)
"""
