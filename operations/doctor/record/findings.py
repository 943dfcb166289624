"""The check for outcomes of acts outside our platform that no event states: their answers may have been withheld."""

from __future__ import annotations

from typing import Final

from operations.doctor.finding import Finding, ok, warn
from operations.doctor.surroundings import Surroundings

UNRECORDED: Final = """
with act (of, kind, field) as (values
    ('payment', 'payment_captured', 'capture_id'),
    ('refund', 'refund_given', 'case'),
    ('parcel', 'consignment_sent', 'waybill')
), running as (
    select stream, act.* from standing join act on of = standing.kind where open
    union
    select stream, act.* from standing join act on of = standing.kind where watched_until is not null
)
select kind, count(*) as acts, min(at) as since
from running cross join lateral (
    select body -> field as number, min(at) as at from finding
    where (finding.stream, finding.kind) = (running.stream, running.kind) group by body -> field
) as done
where at < clock_timestamp() - interval '10 minutes' and 0 = (
    select count(*) from event where (event.stream, event.kind) = (running.stream, running.kind)
        and convert_from(event.body, 'UTF8')::jsonb -> field = number
)
group by kind order by kind
"""
"""SQL for outcomes by kind of event. Running streams alone are read: none ends with an outcome that no event states."""


async def findings(around: Surroundings) -> list[Finding]:
    """Reports captured money, refunds and parcels whose outcome has been known for ten minutes, but is in no event."""
    async with around.record() as connection:
        found = await connection.fetch(UNRECORDED)
    if not found:
        return [ok("doctor.findings.none")]
    return [
        warn("doctor.findings.unrecorded", event=one["kind"], count=one["acts"], since=one["since"]) for one in found
    ]
