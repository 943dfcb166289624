"""The check for outcomes of acts outside that no event states: their answers may have been withheld."""

from __future__ import annotations

from typing import Final

from operations.doctor.finding import Finding, ok, warn
from operations.doctor.surroundings import Surroundings

_UNRECORDED: Final = """
select kind, count(*) as acts, min(at) as since from (
    select stream, kind, body -> what as number, min(at) as at
    from finding join (values
        ('payment_captured', 'capture_id'), ('refund_given', 'case'), ('consignment_sent', 'waybill')
    ) as act (kind, what) using (kind)
    group by stream, kind, body -> what
) as done
where at < clock_timestamp() - interval '10 minutes' and not exists (
    select from event where event.stream = done.stream and event.kind = done.kind
        and convert_from(event.body, 'UTF8')::jsonb @> case done.kind
            when 'payment_captured' then jsonb_build_object('capture_id', number)
            when 'refund_given' then jsonb_build_object('case', number)
            else jsonb_build_object('waybill', number) end
)
group by kind order by kind
"""


async def findings(around: Surroundings) -> list[Finding]:
    """Reports captured money, refunds and parcels whose outcome has been known for ten minutes without an event."""
    async with around.record() as connection:
        found = await connection.fetch(_UNRECORDED)
    if not found:
        return [ok("doctor.findings.none")]
    return [
        warn("doctor.findings.unrecorded", event=one["kind"], count=one["acts"], since=one["since"]) for one in found
    ]
