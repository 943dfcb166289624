"""Whether approved refunds wait for people or for an answer, what went twice, what was charged back but never came."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from operations.doctor.finding import Finding, ok, warn
from operations.doctor.surroundings import Surroundings
from schemas.refund.state import WITHOUT_PROVIDER
from schemas.saying import said

_LEFT: Final = """
select told.agency, convert_from(begun.body, 'UTF8')::jsonb ->> 'provider' as provider, count(*) as cases
from standing
join event as begun on begun.stream = standing.stream and begun.seq = 1
join event as told on told.stream = standing.stream and told.kind = 'refund_left_to_hand'
where standing.kind = 'refund' and open and not exists (
    select from event as back
    where back.stream = told.stream and (
        back.kind = 'refund_given_by_hand'
        and convert_from(back.body, 'UTF8')::jsonb -> 'case' = convert_from(told.body, 'UTF8')::jsonb -> 'case'
        or back.kind in ('refund_charged_back', 'refund_called_off')
        and convert_from(back.body, 'UTF8')::jsonb -> 'void' @> (convert_from(told.body, 'UTF8')::jsonb -> 'case')
    )
)
group by told.agency, provider order by cases desc, told.agency, provider
"""

UNDER_WAY: Final = """
with told as (
    select stream, kind, agency, recorded_at, convert_from(body, 'UTF8')::jsonb as body from event
    where stream in (select stream from standing where kind = 'refund' and open)
)
select agency, begun.body ->> 'provider' as provider, count(*) as cases
from told as approved join told as begun using (stream, agency)
where approved.kind = 'refund_approved' and begun.kind = 'refund_begun'
    and approved.recorded_at < clock_timestamp() - $1::interval
    and not exists (
        select from told as ended where ended.stream = approved.stream and (
            ended.kind in ('refund_given', 'refund_left_to_hand') and ended.body -> 'case' = approved.body -> 'case'
            or ended.kind in ('refund_charged_back', 'refund_called_off')
            and ended.body -> 'void' @> (approved.body -> 'case')
        )
    )
group by agency, provider order by cases desc, agency, provider
"""
_LONG: Final = timedelta(days=1)
"""Within this a provider has said what became of a refund."""

GONE_TWICE: Final = """
with told as (
    select stream, kind, agency, convert_from(body, 'UTF8')::jsonb as body from event
    where stream in (select stream from event where kind = 'refund_charged_back')
), gone as (
    select agency, max(body ->> 'provider') filter (where kind = 'refund_begun') as provider,
        coalesce(sum((body ->> 'amount')::bigint) filter (where kind like 'refund_given%'), 0)
        + coalesce(sum((body ->> 'amount')::bigint) filter (where kind = 'refund_charged_back'), 0)
        - coalesce(sum((body ->> 'amount')::bigint) filter (where kind = 'refund_begun'), 0) as twice
    from told group by stream, agency
)
select agency, provider, count(*) as captures, sum(twice)::bigint as dong from gone
where twice > 0 group by agency, provider order by dong desc, agency, provider
"""

AHEAD: Final = """
with told as (
    select stream, kind, agency, convert_from(body, 'UTF8')::jsonb as body from event
    where stream in (select stream from event where kind = 'payment_charge_back_ahead')
)
select agency, count(*) as charge_backs, sum((body ->> 'amount')::bigint)::bigint as dong from told as ahead
where kind = 'payment_charge_back_ahead' and not exists (
    select from told as came where came.stream = ahead.stream and came.kind = 'payment_charged_back'
        and came.body -> 'transaction' = ahead.body -> 'transaction'
)
group by agency order by dong desc, agency
"""


async def refunds(around: Surroundings) -> list[Finding]:
    """How often money waits to be given back by people, went twice, or never came, at which agency, taken by whom."""
    async with around.record() as connection:
        left = await connection.fetch(_LEFT)
        under_way = await connection.fetch(UNDER_WAY, _LONG)
        twice = await connection.fetch(GONE_TWICE)
        ahead = await connection.fetch(AHEAD)
    waiting = [*(_left(*row) for row in left), *(_under_way(*row) for row in under_way)]
    found = [*waiting, *(_twice(*row) for row in twice), *(_ahead(*row) for row in ahead)]
    return found or [ok("doctor.refunds.none")]


def _left(agency: str, provider: str, cases: int) -> Finding:
    at_counter = provider == WITHOUT_PROVIDER
    why = said("doctor.refunds.at_counter") if at_counter else said("doctor.refunds.not_by", provider=provider)
    return warn("doctor.refunds.by_hand", agency=agency, cases=cases, why=why)


def _under_way(agency: str, provider: str, cases: int) -> Finding:
    return warn("doctor.refunds.under_way", agency=agency, cases=cases, provider=provider)


def _twice(agency: str, provider: str, captures: int, dong: int) -> Finding:
    return warn("doctor.refunds.twice", agency=agency, captures=captures, dong=dong, provider=provider)


def _ahead(agency: str, charge_backs: int, dong: int) -> Finding:
    return warn("doctor.refunds.ahead", agency=agency, charge_backs=charge_backs, dong=dong)
