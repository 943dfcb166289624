"""Whether it is not known of fees that nobody can pay any more if somebody has: their filings wait for that."""

from __future__ import annotations

from typing import Final

from operations.doctor.finding import Finding, ok, warn
from operations.doctor.surroundings import Surroundings

AWAITED: Final = """
select payment.agency, count(distinct told.stream) as payments,
    max((convert_from(told.body, 'UTF8')::jsonb ->> 'until')::timestamptz) as until
from payment join event as told
    on told.stream = 'payment:' || payment.filing_id || ':' || payment.n and told.kind = 'payment_outcome_awaited'
where payment.state = 'pending' and payment.due_at <= clock_timestamp()
group by payment.agency order by payments desc, payment.agency
"""


async def awaited(around: Surroundings) -> list[Finding]:
    """How many payments have an outcome that is awaited, at which agency, and until when at most."""
    async with around.record() as connection:
        rows = await connection.fetch(AWAITED)
    found = [
        warn("doctor.outcomes.awaited", agency=agency, payments=payments, until=until)
        for agency, payments, until in rows
    ]
    return found or [ok("doctor.outcomes.none")]
