"""Which filings, payments and parcels have something left to do, as the record has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

UNFINISHED: Final[Mapping[str, str]] = {
    "filing": """
select 'filing:' || f.filing_id from filing f
where f.closed_at is null and ($1::uuid is null or f.filing_id = $1) order by f.submitted_at
""",
    # Unpaid; or with money to give back; or its filing has not heard how it ended; or late money may still come.
    "payment": """
select p.stream from payment p join filing f using (filing_id)
    join event asked on asked.stream = p.stream and asked.seq = 1
where ($1::uuid is null or p.filing_id = $1) and (
    p.state = 'pending'
    or p.captured - p.refunded > case p.state when 'paid' then p.amount else 0 end
    or (f.closed_at is null and p.state in ('paid', 'expired') and not exists (
        select from event told where told.stream = 'filing:' || p.filing_id
            and told.kind like 'fee\\_%' and told.kind <> 'fee_requested'
            and (convert_from(told.body, 'UTF8')::jsonb ->> 'n')::int = p.n))
    or exists (
        select from event settled where settled.stream = p.stream
            and (settled.kind in ('payment_expired', 'payment_cancelled') or (settled.kind = 'payment_captured'
                and convert_from(settled.body, 'UTF8')::jsonb @> '{"owed": true}'))
            and settled.occurred_at + make_interval(
                secs => (convert_from(asked.body, 'UTF8')::jsonb ->> 'watch_seconds')::float) > now()))
order by p.requested_at
""",
    # Under way; or its filing has not heard how it ended.
    "parcel": """
select p.stream from parcel p join filing f using (filing_id)
where ($1::uuid is null or p.filing_id = $1) and (
    p.state in ('requested', 'sent')
    or (f.closed_at is null and not exists (
        select from event told where told.stream = 'filing:' || p.filing_id and told.kind = 'parcel_failed'
            and (convert_from(told.body, 'UTF8')::jsonb ->> 'n')::int = p.n)))
order by p.requested_at
""",
}
"""The streams of each kind, of one filing or (null) of all."""

ON_ANOTHER: Final[Mapping[str, str]] = {
    kind: f"""
select unfinished.stream from ({query}) as unfinished (stream)
where unfinished.stream not in ({on_it})
"""  # noqa: S608 -- joined from statements of our own
    for kind, query, on_it in (
        ("filing", UNFINISHED["filing"], "select 'filing:' || filing_id from filing where calendar = $2"),
        ("payment", UNFINISHED["payment"], "select stream from payment where calendar = $2"),
        ("parcel", UNFINISHED["parcel"], "select stream from parcel where calendar = $2"),
    )
}
"""The same, without those that go by this calendar."""
