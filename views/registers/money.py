"""Reads records of money: the request for money that a callback names, money in suspense, and tills with their cash."""

import json
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from typing import Any, Final, TypeAlias
from uuid import UUID

from rules.suspense import state_of
from schemas.base import Dong, Model
from schemas.ids import StreamId, fee_key, reference_of
from schemas.money.suspense import Suspense, SuspenseState, SuspenseStep
from schemas.money.till import Till, TillCash, TillShown
from schemas.papers.register import Period
from views.log import Connection, Key


class Demanded(Model):
    """A request for money: a row of a payment. `paid`: whether the full amount has arrived."""

    stream: str
    filing_id: UUID
    agency: str
    reference: str
    amount: Dong
    paid: bool


async def demanded(connection: Connection, provider: str, reference: str) -> Demanded | None:
    """Returns the request for money that a merchant's reference names; None if there is none."""
    row = await connection.fetchrow(_DEMANDED, provider, reference)
    return None if row is None else Demanded.model_validate(dict(row))


async def recorded(connection: Connection, streams: Collection[str]) -> set[tuple[Any, ...]]:
    """Returns the captures and charge-backs of these payments, each with its stream and the provider's number.

    A capture also has the reference of its request for money; a charge-back has its amount and time.
    """
    found = set[tuple[Any, ...]]()
    for row in await connection.fetch(_RECORDED, list(streams)) if streams else ():
        about, said = StreamId.parse(row["stream"]), json.loads(row["body"])
        if row["kind"] == "payment_captured":
            reference = reference_of(fee_key(about.filing, about.n, said.get("attempt") or 1))
            found.add((row["stream"], said["capture_id"], reference))
        else:
            at = datetime.fromisoformat(said["at"])
            found.add((row["stream"], said["transaction"], said["amount"], at))
    return found


async def references(connection: Connection, provider: str, length: int, beginnings: Collection[str]) -> list[str]:
    """Returns the references at a provider, also settled ones, whose first `length` characters are in `beginnings`."""
    return [row["reference"] for row in await connection.fetch(_REFERENCES, provider, length, list(beginnings))]


Find: TypeAlias = Callable[[Any, UUID], Awaitable[Key | None]]
"""Finds the key for the texts about a callback's money, by the callback's id; returns None if the key was erased."""


async def asked_through(connection: Connection, stream: str, provider: str) -> Demanded | None:
    """Returns the newest request for money that this payment has sent through `provider`; None if there is none."""
    row = await connection.fetchrow(_ASKED_THROUGH, stream, provider)
    return None if row is None else Demanded.model_validate(dict(row))


async def suspense(connection: Connection, find: Find) -> list[Suspense]:
    """Returns money in suspense that waits for officers, the oldest first. A memo is empty if its key was erased."""
    return [await _suspense(connection, find, row) for row in await connection.fetch(_SUSPENSE)]


async def suspense_of(connection: Connection, find: Find, callback: UUID, *, locked: bool = False) -> Suspense | None:
    """Returns the money of a callback, also if settled; None if the callback is no transfer. `locked` locks the row."""
    row = await connection.fetchrow(_LOCKED if locked else _ONE, callback)
    return None if row is None else await _suspense(connection, find, row)


async def _suspense(connection: Connection, find: Find, row: Any) -> Suspense:
    key = await find(connection, row["id"])
    rows = await connection.fetch(_STEPS, row["id"])
    steps = tuple(_step(key, row["id"], one) for one in rows)
    state = state_of([step.kind for step in steps], row["outcome"])
    found = row["stream"] is not None and state is not SuspenseState.ASSIGNED
    memo = "" if key is None else key.unseal(row["memo"], memo_context(row["id"])).decode()
    said = {name: value for name, value in row.items() if name != "stream"}
    return Suspense(**{**said, "memo": memo}, state=SuspenseState.FOUND if found else state, steps=steps)


def _step(key: Key | None, callback: UUID, row: Any) -> SuspenseStep:
    said = dict(row)
    if row["reason"] is not None:
        said["reason"] = key and key.unseal(row["reason"], reason_context(callback, row["n"])).decode()
    if row["evidence"] is not None:
        said["evidence"] = json.loads(row["evidence"])
    return SuspenseStep.model_validate(said)


def reason_context(callback: UUID, n: int) -> str:
    """Returns the encryption context of the reason that an officer gave for the `n`-th step about money in suspense."""
    return f"suspense\n{callback}\n{n}"


def memo_context(callback: UUID) -> str:
    """Returns the encryption context of a callback's memo."""
    return f"callback\n{callback}"


_DEMANDED: Final = """
select stream, filing_id, agency, $2 as reference, amount, state = 'paid' as paid
from payment where (provider = $1 and reference = $2) or renewed @> array[$1 || ':' || $2]
"""
_RECORDED: Final = """
select stream, kind, body from event where stream = any($1)
    and kind in ('payment_captured', 'payment_charged_back', 'payment_charge_back_ahead')
"""
_REFERENCES: Final = """
select reference from payment where provider = $1 and left(reference, $2) = any($3::text[])
union all
select substr(one, length($1) + 2) from payment, unnest(renewed) as one
where renewed_beginnings && array(select $1 || ':' || beginning from unnest($3::text[]) as beginning)
    and starts_with(one, $1 || ':') and left(substr(one, length($1) + 2), $2) = any($3::text[])
"""
_ASKED_THROUGH: Final = """
select stream, filing_id, agency, asked.reference, amount, state = 'paid' as paid
from payment, lateral (
    select payment.reference, 1::bigint as attempt where provider = $2
    union all
    select substr(one, length($2) + 2), place + 1 from unnest(renewed) with ordinality as each_ (one, place)
    where starts_with(one, $2 || ':')
) as asked
where stream = $1 order by attempt desc limit 1
"""
_COLUMNS: Final = "id, provider, transaction, amount, outcome, at, received_at, memo, stream"
_SUSPENSE: Final = f"""
select {_COLUMNS} from callback where verdict in ('suspense', 'to_give_back') order by received_at
"""  # noqa: S608 -- names of ours
_ONE: Final = f"""
select {_COLUMNS} from callback where id = $1 and reference = '' and memo is not null
"""  # noqa: S608 -- names of ours
_LOCKED: Final = f"{_ONE} for update"
_STEPS: Final = """
select n, step as kind, officer, agency, at, stream, reason, means, bank_reference, evidence
from suspense_step where callback = $1 order by n
"""


async def tills(connection: Connection, agency: str, period: Period | None = None) -> list[Till]:
    """Returns the tills of an agency opened in a period, the newest first; without a period, those that are open."""
    since, until = (None, None) if period is None else (period.since, period.until)
    rows = await connection.fetch(_TILLS, agency, since, until)
    return [Till.model_validate(_columns(row)) for row in rows]


async def till_of(connection: Connection, number: str) -> TillShown | None:
    """Returns the till of this number, with its cash; None if there is none."""
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
