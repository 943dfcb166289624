"""The inbox of callbacks: each signed callback is stored before it is answered; repeats are not stored again."""

from typing import Final
from uuid import UUID, uuid5

from activities.ledger.database import Connection
from activities.ledger.vault import FilingKey, Vault
from activities.partners.money.codecs import beginnings, match
from activities.partners.money.provider import Expected, Notice, Outcome, Refused, Verdict, judge
from schemas.ids import BEGINNING, NAMESPACE
from views.registers import money
from views.registers.money import Demanded, memo_context
from views.standby import confirmed


async def refused(connection: Connection, provider: str, found: Refused) -> Verdict:
    """Returns the verdict on a signed but unusable callback, and does not store the callback."""
    demand = None if found.reference is None else await money.demanded(connection, provider, found.reference)
    return judge(found, _expected(demand))


async def keep(connection: Connection, vault: Vault, notice: Notice) -> Verdict:
    """Stores a notice, in the caller's transaction. Returns the verdict by which the callback is answered.

    A notice with the same content and amount is a repeat; a corrected amount is stored as a second notice.
    A charge-back is a repeat only if it also has the same time, since charge-backs may come in parts. A notice is
    assigned to its demand as soon as the demand exists.
    """
    demand = await _demand(connection, notice)
    verdict = judge(notice, _expected(demand))
    nobodys = demand is None and notice.reference is None
    when = (str(notice.at),) if notice.outcome is Outcome.REVERSED else ()
    callback = uuid5(NAMESPACE, "\n".join((*notice.key, str(notice.amount), *when)))
    memo = None
    if notice.memo is not None and (key := await _key(connection, vault, callback, demand)) is not None:
        memo = key.seal(notice.memo.encode(), memo_context(callback))
    heard_first = await connection.fetchval(
        _KEEP,
        callback,
        notice.provider,
        notice.reference or "",
        notice.transaction,
        list(notice.said),
        notice.amount,
        notice.outcome,
        notice.at,
        memo,
        "suspense" if nobodys else verdict,  # officers decide about money that names no demand
        demand and demand.stream,
        demand.agency if demand else "",
        demand and demand.reference,
    )
    if not heard_first and demand is not None:
        heard_first = await connection.fetchval(
            _OWNED, callback, verdict, demand.stream, demand.agency, demand.reference
        )
    if not heard_first:
        await confirmed(connection)
    return Verdict.ALREADY if verdict is Verdict.CONFIRMED and not heard_first else verdict


async def _key(connection: Connection, vault: Vault, callback: UUID, demand: Demanded | None) -> FilingKey | None:
    """Returns the key that seals a memo: the filing's; without a demand, the callback's; None if the key is erased."""
    if demand is not None:
        return await vault.find(connection, demand.filing_id)
    if await connection.fetchval("select exists (select from callback where id = $1)", callback):
        return await vault.find(connection, callback)
    return await vault.key(connection, callback, "", first=True)


async def _demand(connection: Connection, notice: Notice) -> Demanded | None:
    """Returns the demand that a notice or its memo names, even a settled one, since it may be paid twice; else None."""
    reference, memo = notice.reference, notice.memo or ""
    if not reference:
        reference = match(memo, await money.references(connection, notice.provider, BEGINNING, beginnings(memo)))
    return None if reference is None else await money.demanded(connection, notice.provider, reference)


def _expected(demand: Demanded | None) -> Expected | None:
    return None if demand is None else Expected(amount=demand.amount, settled=demand.paid)


_KEEP: Final = """
insert into callback
    (id, provider, reference, transaction, said, amount, outcome, at, memo, verdict, stream, agency, demanded)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
on conflict (id) do nothing returning true
"""
# Two statements: an upsert would wait for the relay, which locks the row while it notifies the payment. Money that two
# officers refund belongs to no demand any more.
_OWNED: Final = """
update callback set verdict = $2, stream = $3, agency = $4, demanded = $5, next_try = clock_timestamp()
where id = $1 and stream is null and driven_at is null returning true
"""
