"""The numbers of transfers and card slips: an agency records each number at most once, as the append's SQL ensures."""

import re
from collections.abc import Iterable
from typing import Any, Final

from activities.ledger.database import Connection
from schemas.errors import Problem, problem
from schemas.filing.events import FeePaid, PaymentMeans
from schemas.refund.events import RefundGivenByHand
from schemas.stream.ledger import Batch

PARAMETERS: Final = 2
TAKEN: Final = "bank_reference_pkey"
"""The constraint that the second use of a number violates."""

_APART: Final = re.compile(r"[^0-9A-ZĐ]")
_SLIPS: Final = {PaymentMeans.CARD, PaymentMeans.TRANSFER}


def of(batch: Batch, events: Iterable[Any]) -> tuple[tuple[int, str, str], ...]:
    """Returns the seq, the event's field and the number of each event that names a transfer or a card slip."""
    named = ((seq, *found) for seq, event in enumerate(events, batch.next_seq) if (found := _named(event)))
    return tuple((seq, field, written(number)) for seq, field, number in named)


def written(number: str) -> str:
    """Returns a number in the form used for comparisons: capitals and digits only."""
    return _APART.sub("", number.upper())


def _named(event: Any) -> tuple[str, str] | None:
    match event:
        case FeePaid(means=means, reference=str(number)) if means in _SLIPS:
            return "reference", number
        case RefundGivenByHand(bank_reference=str(number)):
            return "bank_reference", number
        case _:
            return None


async def missing(connection: Connection, batch: Batch, named: Iterable[tuple[int, str, str]]) -> list[Problem]:
    """Returns a problem for each number that is recorded already for the actor's agency."""
    asked = ((field, await connection.fetchval(_COUNTS, batch.actor.agency, number)) for _, field, number in named)
    return [problem(field, "counts_already") async for field, counts in asked if counts]


_COUNTS: Final = "select exists (select from bank_reference where agency = $1 and reference = $2)"

COUNTED: Final = """
counted as (
    insert into bank_reference (agency, reference, stream, seq)
    select $7, named.reference, $1, named.seq
    from moved, unnest({seqs}::int[], {numbers}::text[]) as named (seq, reference)
)
"""
"""SQL: records the numbers. A number recorded already violates the primary key, so the append writes nothing."""
