"""Tills: the cash taken and given through each, from the log, and its counts and closing."""

import json
from typing import Any, Final

from schemas.money.till import Till, TillCash, TillShown
from schemas.papers.register import Period
from views.log import Connection


async def tills(connection: Connection, agency: str, period: Period | None = None) -> list[Till]:
    """Returns the tills of an agency opened in a period, the newest first; without a period, those that are open."""
    since, until = (None, None) if period is None else (period.since, period.until)
    rows = await connection.fetch(_TILLS, agency, since, until)
    return [Till.model_validate(_columns(row)) for row in rows]


async def till_of(connection: Connection, number: str) -> TillShown | None:
    """Returns a till with its cash; None if there is none of this number."""
    row = await connection.fetchrow(_TILL, number)
    if row is None:
        return None
    cash = tuple(TillCash.model_validate(dict(one)) for one in await connection.fetch(_CASH, number))
    return TillShown.model_validate(_columns(row) | {"cash": cash})


def _columns(row: Any) -> dict[str, Any]:
    closing = None if row["closing"] is None else json.loads(row["closing"])
    return dict(row) | {"counts": json.loads(row["counts"]), "closing": closing}


_AMOUNT: Final = "(convert_from(event.body, 'UTF8')::jsonb ->> 'amount')::bigint"
_GIVEN: Final = "event.kind = 'refund_given_by_hand'"
_SELECT: Final = f"""
select till.number, till.agency, till.desk, till.cashier, change_fund, opened_at, went.*,
    (select coalesce(json_agg(one order by one.n), '[]') from till_count as one where one.till = till.number) as counts,
    (select row_to_json(one) from till_closing as one where one.till = till.number) as closing
from till, lateral (
    select count(*) as movements, coalesce(sum({_AMOUNT}) filter (where not {_GIVEN}), 0)::bigint as taken,
        coalesce(sum({_AMOUNT}) filter (where {_GIVEN}), 0)::bigint as given
    from till_cash join event using (stream, seq) where till_cash.till = till.number
) as went
"""  # noqa: S608 -- joined from parts of our own
_TILL: Final = f"{_SELECT} where till.number = $1"
_TILLS: Final = f"""
{_SELECT}
where till.agency = $1 and case when $2::timestamptz is null
    then exists (select from till_open where till_open.number = till.number)
    else opened_at >= $2 and opened_at < $3
end
order by opened_at desc, till.number desc
"""
_CASH: Final = f"""
select till_cash.stream, till_cash.seq, event.recorded_at as at, filing.code,
    case when {_GIVEN} then -{_AMOUNT} else {_AMOUNT} end as amount
from till_cash join event using (stream, seq) left join filing on filing.filing_id = event.filing_id
where till_cash.till = $1 order by event.recorded_at, till_cash.stream, till_cash.seq
"""  # noqa: S608 -- joined from parts of our own
