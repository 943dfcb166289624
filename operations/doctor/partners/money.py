"""The checks of providers' callbacks, of money about which officers have to decide, and of tills left open."""

from typing import Final

from operations.doctor.check import Finding, Surroundings, fail, ok, warn
from schemas.translate import said

LONG: Final = 120
"""The seconds within which a callback should reach its payment. The gateway tries every 60 seconds."""

_LEFT: Final = """
select count(*) filter (where stream is not null and clock_timestamp() - make_interval(secs => $1) > greatest(
           received_at, (select max(at) from suspense_step where suspense_step.callback = callback.id)
       ) and (told_at is null or outcome = 'paid')) as undriven,
       count(*) filter (where verdict = 'unknown_order') as unknown
from callback where driven_at is null and verdict <> 'suspense'
"""
_SUSPENSE: Final = """
select case when verdict <> 'suspense' then verdict
           when last.step in ('assign', 'give_back') then 'asked' else 'waiting' end as state,
       count(*) as transfers, sum(amount)::bigint as dong,
       extract(day from clock_timestamp() - min(coalesce(last.at, received_at)))::integer as days
from callback left join lateral (
    select step, at from suspense_step where suspense_step.callback = callback.id order by n desc limit 1
) as last on true
where verdict in ('suspense', 'to_give_back') group by state
"""


async def callbacks(around: Surroundings) -> list[Finding]:
    """Reports callbacks that have not reached their payments, and money about which officers have to decide."""
    async with around.record() as connection:
        row = await connection.fetchrow(_LEFT, LONG)
        waiting = {one["state"]: one for one in await connection.fetch(_SUSPENSE)}
    undriven, unknown = row.values() if row else (0, 0)
    found = []
    if undriven:
        found.append(fail("doctor.callbacks.undriven", undriven=undriven, seconds=LONG))
    if unknown:
        found.append(warn("doctor.callbacks.unknown", unknown=unknown))
    for state in ("waiting", "asked", "to_give_back"):
        if state in waiting:
            _, transfers, dong, days = waiting[state].values()
            about = {"transfers": transfers, "dong": dong, "what": said(f"doctor.suspense.{state}"), "days": days}
            found.append(warn("doctor.callbacks.suspense", fix=f"doctor.suspense.{state}.fix", **about))
    return found or [ok("doctor.callbacks.none")]


_OPEN_TILLS: Final = """
select till.agency, count(*) as tills, min(till.number) as first
from till_open join till using (number)
where (opened_at at time zone 'Asia/Ho_Chi_Minh')::date < (now() at time zone 'Asia/Ho_Chi_Minh')::date
group by till.agency order by till.agency
"""


async def tills(around: Surroundings) -> list[Finding]:
    """Reports, by agency, the tills that were opened on an earlier day and are not closed."""
    async with around.record() as connection:
        rows = await connection.fetch(_OPEN_TILLS)
    found = [warn("doctor.tills.left", agency=agency, tills=tills, first=first) for agency, tills, first in rows]
    return found or [ok("doctor.tills.none")]
